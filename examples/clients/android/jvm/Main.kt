package kerasbert.jvm

import java.io.File
import java.nio.ByteBuffer
import kerasbert.Answer
import kerasbert.Entity
import kerasbert.KerasBert
import kerasbert.TextModel

/** Runs a file by LiteRT on this machine, through jni.cpp. */
class JniModel(file: File) : TextModel {
    private val handle = open(file.path)
    override val signatures: Set<String> =
        listOf("classify_text", "classify_text_pair", "embed_text", "tag_text", "answer_text").filter { has(handle, it) }.toSet()

    override fun run(signature: String, inputs: Map<String, IntArray>): Map<String, ByteBuffer> =
        run(handle, signature, inputs.toSortedMap().values.toTypedArray()).toList().chunked(2)
            .associate { (name, bytes) -> name as String to ByteBuffer.wrap(bytes as ByteArray) }

    override fun close() = close(handle)

    private external fun open(path: String): Long

    private external fun close(handle: Long)

    private external fun has(handle: Long, signature: String): Boolean

    private external fun run(handle: Long, signature: String, inputs: Array<IntArray>): Array<Any>
}

/** A value as JSON. */
fun json(value: Any): String = when (value) {
    is Map<*, *> -> value.entries.joinToString(prefix = "{", postfix = "}") { json(it.key!!) + ": " + json(it.value!!) }
    is List<*> -> value.joinToString(prefix = "[", postfix = "]") { json(it!!) }
    is FloatArray -> json(value.toList())
    is Float -> if (value == Float.MAX_VALUE) "null" else value.toString()
    is Entity -> json(value.run { mapOf("text" to text, "type" to type, "start" to start, "end" to end, "score" to score) })
    is Answer ->
        json(value.run { mapOf("text" to text, "start" to start, "end" to end, "score" to score, "null_score" to nullScore) })
    is String -> value.map { if (it < ' ' || it == '"' || it == '\\') "\\u%04x".format(it.code) else "$it" }
        .joinToString("", "\"", "\"")
    else -> value.toString()
}

/** Answers each line that is read, with a tab before a second text, as ../cpp/main.cpp does. */
fun main(arguments: Array<String>) {
    System.load(arguments[0])
    val file = File(arguments[1])
    KerasBert(file, JniModel(file)).use { model ->
        val out = System.out.bufferedWriter(Charsets.UTF_8)
        for (line in System.`in`.readBytes().toString(Charsets.UTF_8).split("\n").dropLast(1)) {
            val texts = line.split("\t")
            val answer: Any = when (model.kind) {
                "classify" -> model.classify(texts[0], texts.getOrNull(1))
                "embed" -> model.embed(texts[0])
                "tag" -> model.tag(texts[0])
                else -> model.answer(texts[0], texts[1])
            }
            out.write(json(answer) + "\n")
        }
        out.flush()
    }
}
