// Never compiled for iOS, nor run there. The tests do not compile it; it was once, by hand, with Swift 6.0 on Linux.
// It follows ../cpp/kerasbert.h step by step.
import Foundation

public struct Entity {
    public let text: String, type: String
    public let range: Range<String.Index>
    public let score: Float
}

public struct Answer {
    public let text: String
    public let range: Range<String.Index>
    /// The higher `nullScore`, the more likely it is that the context has no answer.
    public let score: Float, nullScore: Float
}

public struct KerasBertError: Error, CustomStringConvertible {
    public let description: String
}

private func check(_ status: LiteRtStatus, _ what: String) throws {
    if status != 0 { throw KerasBertError(description: "\(what) failed with status \(status)") }
}

/// The code points of a text, and where each starts; one more place for the end.
private struct CodePoints {
    let points: [Int32]
    let starts: [String.Index]

    init(_ text: String) {
        let scalars = text.unicodeScalars.map { Int32($0.value) }
        points = scalars.isEmpty ? [0] : scalars  // a tensor has at least one element, and zeros are no text
        starts = Array(text.unicodeScalars.indices) + [text.endIndex]
    }
}

/// A file of the ZIP archive that lies behind the model; its files are stored, not compressed.
private func archived(_ path: String, _ name: String) throws -> String {
    let file = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    func part(_ at: Int, _ size: Int) throws -> Data {
        guard at >= 0, size >= 0, at + size <= file.count else { throw KerasBertError(description: "\(path) is cut off") }
        return file.subdata(in: at..<at + size)
    }
    func number(_ at: Int, _ size: Int) throws -> Int {
        try part(at, size).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let tail = max(0, file.count - 22 - 65535)..<file.count
    guard let end = file.range(of: Data("PK\u{05}\u{06}".utf8), options: .backwards, in: tail)?.lowerBound else {
        throw KerasBertError(description: "\(path): a file that takes text is needed, of to_tflite(task, path, text=True)")
    }
    var at = try number(end + 16, 4)
    let last = try at + number(end + 12, 4)
    while at < last {
        let length = try number(at + 28, 2), header = try number(at + 42, 4)
        if try part(at + 46, length) == Data(name.utf8) {
            let start = try header + 30 + number(header + 26, 2) + number(header + 28, 2)
            return String(decoding: try part(start, number(at + 24, 4)), as: UTF8.self)
        }
        at += try 46 + length + number(at + 30, 2) + number(at + 32, 2)
    }
    throw KerasBertError(description: "\(path): its archive has no \(name)")
}

extension LiteRtRankedTensorType {
    /// The length of each dimension, -1 where it is open.
    fileprivate var lengths: [Int] {
        get { withUnsafeBytes(of: layout.dimensions) { $0.bindMemory(to: Int32.self).prefix(Int(layout.rank)).map { Int($0) } } }
        set {
            layout.rank = UInt32(newValue.count)
            withUnsafeMutableBytes(of: &layout.dimensions) { bytes in
                for (k, length) in newValue.enumerated() { bytes.bindMemory(to: Int32.self)[k] = Int32(length) }
            }
        }
    }
}

/// A tensor in memory that LiteRT reads or writes in place.
private final class Tensor {
    let memory: UnsafeMutableRawPointer
    var buffer: LiteRtTensorBuffer?
    var size = 0  // elements, of 4 bytes each

    init(_ type: LiteRtRankedTensorType, room: Int) throws {
        let alignment = Int(kLiteRtAlignment), bytes = (room * 4 / alignment + 1) * alignment
        memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: alignment)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        var type = type
        try check(LiteRtCreateTensorBufferFromHostMemory(&type, memory, bytes, nil, &buffer), "LiteRtCreateTensorBufferFromHostMemory")
    }

    deinit {
        if let buffer { LiteRtDestroyTensorBuffer(buffer) }
        memory.deallocate()
    }

    var ints: [Int] { (0..<size).map { Int(memory.load(fromByteOffset: 4 * $0, as: Int32.self)) } }
    var floats: [Float] { (0..<size).map { memory.load(fromByteOffset: 4 * $0, as: Float.self) } }
}

/// Answers texts with a file that kerasbert wrote by `to_tflite(task, "film.tflite", text=True)`. A model serves one thread.
public final class KerasBert {
    public let labels: [String]
    private var environment: LiteRtEnvironment?
    private var model: LiteRtModel?
    private var options: LiteRtOptions?
    private var compiled: LiteRtCompiledModel?

    public init(path: String) throws {
        labels = try archived(path, "labels.txt").split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        var quiet = LiteRtEnvOption()
        quiet.tag = Int32(kLiteRtMinLoggerSeverity)
        quiet.value.type = Int32(kLiteRtAnyInt)
        quiet.value.number = Int64(kLiteRtSeverityError)
        try check(LiteRtCreateEnvironment(1, &quiet, &environment), "LiteRtCreateEnvironment")
        try check(LiteRtCreateModelFromFile(environment, path, &model), path)
        try check(LiteRtCreateOptions(&options), "LiteRtCreateOptions")
        try check(LiteRtSetOptionsHardwareAccelerators(options, Int32(kLiteRtCpu)), "LiteRtSetOptionsHardwareAccelerators")
        try check(LiteRtCreateCompiledModel(environment, model, options, &compiled), "LiteRtCreateCompiledModel")
    }

    deinit {
        if let compiled { LiteRtDestroyCompiledModel(compiled) }
        if let options { LiteRtDestroyOptions(options) }
        if let model { LiteRtDestroyModel(model) }
        if let environment { LiteRtDestroyEnvironment(environment) }
    }

    /// The probability of each label, of a text or of a pair of texts.
    public func classify(_ text: String, _ second: String? = nil) throws -> [String: Float] {
        var found = try second.map { try run("classify_text_pair", [CodePoints(text), CodePoints($0)]) }
            ?? run("classify_text", [CodePoints(text)])
        found["truncated"] = nil
        let scores = found.values.first!.floats
        guard scores.count == labels.count else { throw KerasBertError(description: "the file has other labels than answers") }
        return Dictionary(uniqueKeysWithValues: zip(labels, scores))
    }

    /// The vector of a text.
    public func embed(_ text: String) throws -> [Float] {
        try run("embed_text", [CodePoints(text)])["embedding"]!.floats
    }

    /// The entities of a text.
    public func tag(_ text: String) throws -> [Entity] {
        let characters = CodePoints(text), found = try run("tag_text", [characters])
        let starts = found["start"]!.ints, ends = found["end"]!.ints, types = found["type"]!.ints, scores = found["score"]!.floats
        return starts.indices.map {
            let range = characters.starts[starts[$0]]..<characters.starts[ends[$0]]
            return Entity(text: String(text[range]), type: labels[types[$0]], range: range, score: scores[$0])
        }
    }

    /// The best answer to a question in a context.
    public func answer(_ question: String, in context: String) throws -> Answer {
        let characters = CodePoints(context), found = try run("answer_text", [CodePoints(question), characters])
        let range = characters.starts[found["start"]!.ints[0]]..<characters.starts[found["end"]!.ints[0]]
        let score = found["score"]!.floats[0], nullScore = found["null_score"]!.floats[0]
        return Answer(text: String(context[range]), range: range, score: score, nullScore: nullScore)
    }

    private func signature(_ name: String) throws -> (Int, LiteRtSignature?) {
        var count = 0
        try check(LiteRtGetNumModelSignatures(model, &count), "LiteRtGetNumModelSignatures")
        for index in 0..<count {
            var signature: LiteRtSignature?
            var key: UnsafePointer<CChar>?
            try check(LiteRtGetModelSignature(model, index, &signature), "LiteRtGetModelSignature")
            try check(LiteRtGetSignatureKey(signature, &key), "LiteRtGetSignatureKey")
            if String(cString: key!) == name { return (index, signature) }
        }
        throw KerasBertError(description: "the file has no signature \(name)")
    }

    private func run(_ name: String, _ texts: [CodePoints]) throws -> [String: Tensor] {
        let (index, signature) = try signature(name)
        // LiteRT takes the new length of an input from its buffer.
        let inputs = try texts.map { text -> Tensor in
            var type = LiteRtRankedTensorType()
            type.element_type = Int32(kLiteRtInt32)
            type.lengths = [1, text.points.count]
            let tensor = try Tensor(type, room: text.points.count)
            text.points.withUnsafeBytes { tensor.memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
            return tensor
        }
        let characters = texts.map(\.points.count).reduce(0, +)
        var count = 0
        try check(LiteRtGetNumSignatureOutputs(signature, &count), "LiteRtGetNumSignatureOutputs")
        var names: [String] = [], outputs: [Tensor] = []
        for i in 0..<count {
            var key: UnsafePointer<CChar>?
            var tensor: LiteRtTensor?
            var type = LiteRtRankedTensorType()
            try check(LiteRtGetSignatureOutputName(signature, i, &key), "LiteRtGetSignatureOutputName")
            try check(LiteRtGetSignatureOutputTensorByIndex(signature, i, &tensor), "LiteRtGetSignatureOutputTensorByIndex")
            try check(LiteRtGetRankedTensorType(tensor, &type), "LiteRtGetRankedTensorType")
            // How many entities there are is known only afterwards. There are no more than characters.
            type.lengths = type.lengths.map { $0 < 0 ? characters : $0 }
            names.append(String(cString: key!))
            outputs.append(try Tensor(type, room: type.lengths.reduce(1, *)))
        }
        var read = inputs.map(\.buffer), written = outputs.map(\.buffer)
        try withExtendedLifetime((inputs, outputs)) {
            try check(LiteRtRunCompiledModel(compiled, index, read.count, &read, count, &written), name)
        }
        var type = LiteRtRankedTensorType()
        var layouts = [LiteRtLayout](repeating: LiteRtLayout(), count: count)
        try check(LiteRtGetCompiledModelOutputTensorLayouts(compiled, index, count, &layouts, false), name)
        for (output, layout) in zip(outputs, layouts) {
            type.layout = layout
            output.size = type.lengths.reduce(1, *)
        }
        return Dictionary(uniqueKeysWithValues: zip(names, outputs))
    }
}
