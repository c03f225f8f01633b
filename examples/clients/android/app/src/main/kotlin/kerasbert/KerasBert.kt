package kerasbert

import java.io.Closeable
import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** What runs a file: LiteRT on a device ([LiteRtModel]), something else in tests. */
interface TextModel : Closeable {
    val signatures: Set<String>

    /** Runs a signature with one row of code points an input. Returns the bytes of each output, of ints or floats. */
    fun run(signature: String, inputs: Map<String, IntArray>): Map<String, ByteBuffer>
}

/** What was found in a text, `text.substring(start, end)`. */
data class Entity(val text: String, val type: String, val start: Int, val end: Int, val score: Float)

/** The best answer in a context. The higher [nullScore], the more likely it is that there is none. */
data class Answer(val text: String, val start: Int, val end: Int, val score: Float, val nullScore: Float)

/**
 * Answers texts with a file that kerasbert wrote by `to_tflite(task, "film.tflite", text=True)`.
 *
 * All the work is in the file: tokens, windows over long texts, entities and answers. This class passes code points
 * and turns places in them into places in Kotlin's strings. Several threads may call it; they wait for each other.
 */
class KerasBert(file: File, private val model: TextModel) : Closeable by model {
    /** The names of classes, or of the types of entities. */
    val labels: List<String> = archived(file, "labels.txt").toString(Charsets.UTF_8).split("\n").dropLast(1)

    /** "classify", "embed", "tag" or "answer": the method that the file is for. */
    val kind: String =
        listOf("classify", "embed", "tag", "answer").firstOrNull { "${it}_text" in model.signatures }
            ?: throw IllegalArgumentException("$file: a file that classifies, embeds, tags or answers is needed")

    /** The probability of each label, of a text or of a pair of texts. */
    fun classify(text: String, second: String? = null): Map<String, Float> {
        val found = if (second == null) run("classify_text", text) else run("classify_text_pair", text, second)
        val scores = found.filterKeys { it != "truncated" }.values.single().floats()
        check(scores.size == labels.size) { "the file has ${labels.size} labels and ${scores.size} answers" }
        return labels.zip(scores.asIterable()).toMap()
    }

    /** The vector of a text. */
    fun embed(text: String): FloatArray = run("embed_text", text).getValue("embedding").floats()

    /** The entities of a text. */
    fun tag(text: String): List<Entity> {
        val found = run("tag_text", text)
        val (starts, ends, types) = listOf("start", "end", "type").map { found.getValue(it).ints() }
        val scores = found.getValue("score").floats()
        val places = CodePoints(text).starts
        return starts.indices.map {
            val (start, end) = places[starts[it]] to places[ends[it]]
            Entity(text.substring(start, end), labels[types[it]], start, end, scores[it])
        }
    }

    /** The best answer to a question in a context. */
    fun answer(question: String, context: String): Answer {
        val found = run("answer_text", question, context)
        val places = CodePoints(context).starts
        val (start, end) = listOf("start", "end").map { places[found.getValue(it).ints()[0]] }
        val (score, nullScore) = listOf("score", "null_score").map { found.getValue(it).floats()[0] }
        return Answer(context.substring(start, end), start, end, score, nullScore)
    }

    private fun run(signature: String, text: String, second: String? = null): Map<String, ByteBuffer> {
        require(signature in model.signatures) { "the file has no signature $signature; it has ${model.signatures}" }
        val inputs = mapOf("code_points" to text, "pair_code_points" to second).filterValues { it != null }
        return synchronized(model) { model.run(signature, inputs.mapValues { CodePoints(it.value!!).points }) }
    }
}

/** The code points of a text, and the place in the string that each starts at; one more for the end. */
internal class CodePoints(text: String) {
    val starts: IntArray
    val points: IntArray

    init {
        val places = ArrayList<Int>()
        var place = 0
        while (place < text.length) {
            places.add(place)
            place += Character.charCount(text.codePointAt(place))
        }
        starts = (places + text.length).toIntArray()
        // A tensor has at least one element, and zeros are no text.
        points = if (places.isEmpty()) intArrayOf(0) else places.map { text.codePointAt(it) }.toIntArray()
    }
}

private fun ByteBuffer.ints() = order(ByteOrder.nativeOrder()).asIntBuffer().let { IntArray(it.remaining()).also(it::get) }

private fun ByteBuffer.floats() = order(ByteOrder.nativeOrder()).asFloatBuffer().let { FloatArray(it.remaining()).also(it::get) }

/**
 * A file of the ZIP archive that lies behind the model; its files are stored, not compressed.
 *
 * Android's ZipFile refuses archives with anything in front of them.
 */
internal fun archived(file: File, name: String): ByteArray = RandomAccessFile(file, "r").use { model ->
    fun read(at: Long, size: Int) = ByteBuffer.wrap(ByteArray(size)).order(ByteOrder.LITTLE_ENDIAN).also {
        model.seek(at)
        model.readFully(it.array())
    }
    fun ByteBuffer.short(at: Int) = getShort(at).toInt() and 0xFFFF

    val tail = minOf(model.length(), 22L + 65535).toInt()
    val end = read(model.length() - tail, tail)
    val found = (tail - 22 downTo 0).firstOrNull { end.getInt(it) == 0x06054B50 }
        ?: throw IOException("$file: a file that takes text is needed, of to_tflite(task, path, text=True)")
    val entries = read(end.getInt(found + 16).toLong() and 0xFFFFFFFF, end.getInt(found + 12))
    var at = 0
    while (at < entries.capacity()) {
        val length = entries.short(at + 28)
        if (String(entries.array(), at + 46, length) == name) {
            val header = entries.getInt(at + 42).toLong() and 0xFFFFFFFF
            val local = read(header, 30)
            return read(header + 30 + local.short(26) + local.short(28), entries.getInt(at + 24)).array()
        }
        at += 46 + length + entries.short(at + 30) + entries.short(at + 32)
    }
    throw IOException("$file: its archive has no $name")
}
