"""The order and the names of operations: two conversions of a graph without loops give the same bytes."""

import itertools


def subgraphs(node):
    """The graphs within an operation: the body of a loop, the branches of a condition."""
    return [attribute.g for attribute in node.attribute if attribute.HasField("g")]


def graphs(graph):
    """Yields a graph and all graphs within it, each one before those within it."""
    yield graph
    for node in graph.node:
        for inner in subgraphs(node):
            yield from graphs(inner)


def reads(node):
    """Yields the names that an operation reads from around it, also those that its subgraphs read."""
    yield from filter(None, node.input)  # an empty name stands for an input that is left out
    for inner in subgraphs(node):
        made = {value.name for value in (*inner.input, *inner.initializer)}
        made.update(name for one in inner.node for name in one.output)
        names = itertools.chain.from_iterable(map(reads, inner.node))
        yield from (name for name in names if name not in made)


def drop_invariants(graph):
    """Lets loops read from around them what they only hand on from one round to the next.

    TensorFlow's loops take all that they read as states: each weight, which runtimes would copy every round.
    """
    renamed = {}
    results = {value.name for part in graphs(graph) for value in part.output}
    for part in graphs(graph):
        for node in part.node:
            if node.op_type != "Loop":
                continue
            (body,) = subgraphs(node)
            for i in reversed(range(len(node.input) - 2)):  # behind the number of rounds and the condition
                inner, outer = body.input[2 + i].name, node.input[2 + i]
                if body.output[1 + i].name == inner and node.output[i] not in results:
                    renamed |= {inner: outer, node.output[i]: outer}
                    del body.input[2 + i], body.output[1 + i], node.input[2 + i], node.output[i]
    for part in graphs(graph):
        for node in part.node:
            for i, name in enumerate(node.input):
                while name in renamed:
                    name = renamed[name]
                node.input[i] = name


def order(graph):
    """Puts operations in the order in which results need them, and drops those that none needs.

    The order that tf2onnx finds differs between two conversions.
    """
    for node in graph.node:
        for inner in subgraphs(node):
            order(inner)
    makers = {output: node for node in graph.node for output in filter(None, node.output)}
    ordered, done = [], set()
    wanted = [output.name for output in reversed(graph.output)]
    while wanted:
        node = makers.get(wanted[-1])
        missing = next((name for name in reads(node) if name not in done), None) if node is not None else None
        if missing is not None:
            wanted.append(missing)
            continue
        name = wanted.pop()
        if node is not None and name not in done:
            ordered.append(node)
            done.update(node.output)
        done.add(name)
    read = {name for node in ordered for name in reads(node)} | {value.name for value in graph.output}
    constants = [tensor for tensor in graph.initializer if tensor.name in read]
    for parts, kept in ((graph.node, ordered), (graph.initializer, constants)):
        del parts[:]
        parts.extend(kept)


def number(graph):
    """Gives new names to all but inputs and outputs: tf2onnx's differ, too."""
    names = {value.name: value.name for value in (*graph.input, *graph.output)}
    names[""] = ""
    _number(graph, names, itertools.count())


def _number(graph, names, places):
    def new(name):
        return names.setdefault(name, f"x{len(names)}")

    for node in graph.node:
        node.name = f"{node.op_type}_{next(places)}"
        node.input[:] = [*map(new, node.input)]
        for inner in subgraphs(node):
            inner.name, inner.doc_string = node.name, ""
            del inner.value_info[:]
            for value in inner.input:
                value.name = new(value.name)
            _number(inner, names, places)
            for value in inner.output:
                value.name = new(value.name)
        node.output[:] = [*map(new, node.output)]
    for tensor in graph.initializer:
        tensor.name = new(tensor.name)
    order_of = {name: place for place, name in enumerate(names.values())}
    graph.initializer.sort(key=lambda tensor: order_of[tensor.name])
