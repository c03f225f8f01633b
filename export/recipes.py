"""Quantization recipes, by litert-quantizer's names: how weights are stored and products are computed."""

import dataclasses
import re

from kerasbert import checks


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One way to store and run a model.

    Args:
        partitions: int, the most partitions of the graph that XNNPACK may run; more of them are slow.
        weights: str, a description of how dense kernels and embedding tables are stored.
        calibrated: bool, whether it needs the user's texts to compute the scales of activations.
        target: str, `"cpu"`, or `"npu"` for accelerators that only compute with integers.
    """

    partitions: int
    weights: str
    calibrated: bool = False
    target: str = "cpu"


# The converter writes the first two; the others are litert-quantizer's. LiteRT only looks up rows in float32,
# int8 and int4, so that float16 tables are first converted, in another partition.
RECIPES = {
    "float32": Recipe(1, "float32"),
    "float16": Recipe(2, "float16"),
    "dynamic_wi8_afp32": Recipe(1, "int8, a scale a channel"),
    "mixed48": Recipe(1, "int8 kernels, int4 tokens"),
    "dynamic_wi4_afp32": Recipe(1, "int4, a scale a channel (OCTAV); int4 tokens"),
    "dynamic_wi4b64_afp32": Recipe(1, "int4, a scale for 64 numbers; int4 tokens"),
    "weight_only_wi8_afp32": Recipe(1, "int8, products in float32"),
    "static_wi8_ai8": Recipe(64, "int8, activations int8", calibrated=True, target="npu"),
    "static_wi8_ai16": Recipe(64, "int8, activations int16", calibrated=True, target="npu"),
}
DEFAULT = "dynamic_wi8_afp32"
BLOCK = 64  # how many numbers share a scale in `dynamic_wi4b64_afp32`
# litert-quantizer's rule for what stays as it is.
UNQUANTIZED = {"regex": ".*", "operation": "*", "algorithm_key": "no_quantize", "op_config": {}}
# Recipes of litert-quantizer that are refused, and why.
REFUSED = {
    "weight_only_wi4_afp32": "LiteRT widens int4 kernels before each product: 27 partitions instead of one, "
    "and 12 times the time of int8",
    "dynamic_wi4c_hr_afp32": "XNNPACK cannot run its rotations on sequences of any length",
}


def parts_of(task):
    """The parts that can have their own recipe: `"embeddings"`, and layers such as `"block_0/attention"`."""
    paths = [path.removeprefix("encoder/").split("/") for path in task.named_weights() if "kernel" in path]
    return {"embeddings"} | {"/".join(path[:n]) for path in paths for n in range(1, len(path))}


def reason_against(task, recipe):
    """Returns a sentence that says why a recipe cannot work for a task, or None if it can."""
    if recipe in REFUSED:
        return REFUSED[recipe]
    if recipe != "dynamic_wi4b64_afp32":
        return None
    for path, weight in task.named_weights().items():
        if path.endswith("kernel") and weight.shape[0] % BLOCK:
            return f"`{path}` has {weight.shape[0]} inputs, which blocks of {BLOCK} do not divide"
    return None


def check_recipe(task, recipe, part_recipes, calibration, where):
    """Raises ValueError unless the recipe and the recipes of parts can work."""
    for name in (recipe, *part_recipes.values()):
        reason = reason_against(task, name)
        if reason:
            raise checks.invalid(
                "The recipe must be possible for this model.",
                fix=f"{reason}. Choose another.",
                where=where,
                recipe=name,
            )
        checks.one_of(where, tuple(RECIPES), recipe=name)
    for part in part_recipes:
        checks.one_of(where, tuple(sorted(parts_of(task))), part=part)
    mixed = {recipe, *part_recipes.values()} if part_recipes else set()
    if any(RECIPES[name].calibrated or name == "float16" for name in mixed) or (
        recipe == "float32" and part_recipes
    ):
        raise checks.invalid(
            "Recipes can only be mixed if they are dynamic or weight-only; parts may also be float32.",
            fix="Leave out `part_recipes`, or choose other recipes.",
            where=where,
            recipe=recipe,
            part_recipes=part_recipes,
        )
    if RECIPES[recipe].calibrated != (calibration is not None):
        raise checks.invalid(
            "Static recipes need texts as `calibration`, and other recipes take none.",
            fix="Pass a few hundred rows of training data as `calibration`, or choose a dynamic recipe.",
            where=where,
            recipe=recipe,
            calibration=type(calibration).__name__,
        )


def quantizer_recipe(recipe, part_recipes, token_lookup):
    """Returns a recipe for litert-quantizer: a list of rules, of which the last one that matches applies.

    Args:
        recipe: str.
        part_recipes: dict, path of a part of the model, such as `"embeddings"` or `"block_3/feed_forward"` ->
            its recipe.
        token_lookup: str, a pattern for the name of the operation that looks up tokens.
    """
    from litert_quantizer.qtyping import TFLOperationName

    rules = _rules(recipe, token_lookup)
    for part, name in part_recipes.items():
        for rule in _rules(name, token_lookup) if name != "float32" else [UNQUANTIZED]:
            if part == "embeddings":
                rule = rule | {"operation": TFLOperationName.EMBEDDING_LOOKUP, "regex": token_lookup}
            else:
                rule = rule | {"operation": TFLOperationName.FULLY_CONNECTED, "regex": _scope(part)}
            rules.append(rule)
    return rules


def _rules(recipe, token_lookup):
    from litert_quantizer import recipe as recipes
    from litert_quantizer.algorithm_manager import AlgorithmName
    from litert_quantizer.qtyping import TFLOperationName

    dense, lookup = TFLOperationName.FULLY_CONNECTED, TFLOperationName.EMBEDDING_LOOKUP
    # Position and segment tables are small and affect every token: in int4, they alone cost 2 % accuracy.
    tables = recipes.dynamic_wi8c_afp32(operation_name=lookup)
    tokens = recipes.dynamic_wi4c_afp32(operation_name=lookup, regex=token_lookup)
    if recipe == "mixed48":
        return recipes.dynamic_wi8_afp32() + tokens
    if recipe == "dynamic_wi4_afp32":
        octav = recipes.dynamic_wi4c_afp32(operation_name=dense, algorithm_key=AlgorithmName.OCTAV)
        return octav + tables + tokens
    if recipe == "dynamic_wi4b64_afp32":
        return recipes.dynamic_wi4b64_afp32(operation_name=dense) + tables + tokens
    rules = getattr(recipes, recipe)()
    if RECIPES[recipe].calibrated:
        # Without these rules, static recipes would leave tables in float32, and return integers.
        rules += tables
        rules.append(UNQUANTIZED | {"operation": TFLOperationName.OUTPUT})
    return rules


def _scope(part):
    """Returns a pattern for the names of a layer's matrix products; Keras may number each layer.

    A fused operation has the names of all its parts, of which the first can be another part's norm.
    """
    return (
        "(^|[/;])" + "/".join(rf"{re.escape(name)}(_\d+)?" for name in part.split("/")) + "/([^;]*/)?MatMul"
    )
