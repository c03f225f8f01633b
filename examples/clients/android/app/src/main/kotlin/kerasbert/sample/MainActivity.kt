// Never compiled against Android, nor run: the tests of this project have no Android.
package kerasbert.sample

import android.app.Activity
import android.os.Bundle
import android.widget.Button
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.TextView
import java.io.File
import java.util.concurrent.Executors
import kerasbert.KerasBert

/** A line to type in, and what the file `assets/model.tflite` answers to it. */
class MainActivity : Activity() {
    private val worker = Executors.newSingleThreadExecutor()
    private val model by lazy { KerasBert(copied("model.tflite")) }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val text = EditText(this).apply { hint = "Type a text" }
        // Questions are asked of a context.
        val context = EditText(this).apply { hint = "A context, where the file answers questions" }
        val shown = TextView(this).apply { setTextIsSelectable(true) }
        val ask = Button(this).apply { this.text = "Ask" }
        ask.setOnClickListener {
            val (asked, within) = text.text.toString() to context.text.toString()
            worker.execute {
                val found = runCatching { answer(asked, within) }.getOrElse { "It failed: ${it.message}" }
                runOnUiThread { shown.text = found }
            }
        }
        val column = LinearLayout(this).apply { orientation = LinearLayout.VERTICAL }
        listOf(text, context, ask, shown).forEach(column::addView)
        column.fitsSystemWindows = true
        setContentView(column)
    }

    private fun answer(text: String, context: String): String = when (model.kind) {
        "classify" -> model.classify(text).entries.sortedByDescending { it.value }.take(5)
            .joinToString("\n") { "%.3f  %s".format(it.value, it.key) }
        "tag" -> model.tag(text).joinToString("\n") { "${it.type}: ${it.text}" }
        "answer" -> model.answer(text, context).text
        else -> model.embed(text).joinToString(limit = 8)
    }

    /** LiteRT opens files, and assets are none. Written under another name first, so that no half of it is ever opened. */
    private fun copied(asset: String): File {
        val (file, part) = File(filesDir, asset) to File(filesDir, "$asset.part")
        assets.open(asset).use { from -> part.outputStream().use { from.copyTo(it) } }
        check(part.renameTo(file)) { "$file cannot be written" }
        return file
    }

    override fun onDestroy() {
        worker.shutdown()
        super.onDestroy()
    }
}
