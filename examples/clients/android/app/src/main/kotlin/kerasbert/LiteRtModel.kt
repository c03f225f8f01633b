// Never compiled against Android, nor run: the tests of this project have no Android.
package kerasbert

import java.io.File
import java.nio.ByteBuffer
import org.tensorflow.lite.Interpreter

/**
 * Runs a file by LiteRT's Interpreter. Its CompiledModel cannot resize inputs in Kotlin, and the length of a text is open.
 */
class LiteRtModel(file: File, numThreads: Int = 2) : TextModel {
    private val interpreter = Interpreter(file, Interpreter.Options().setNumThreads(numThreads))

    override val signatures: Set<String> = interpreter.signatureKeys.toSet()

    override fun run(signature: String, inputs: Map<String, IntArray>): Map<String, ByteBuffer> {
        // Arrays, unlike buffers, resize an input. The outputs are read afterwards, as their lengths are unknown before.
        interpreter.runSignature(inputs.mapValues { arrayOf(it.value) }, mapOf<String, Any>(), signature)
        return interpreter.getSignatureOutputs(signature).associateWith { name ->
            val tensor = interpreter.getOutputTensorFromSignature(name, signature)
            val copy = ByteBuffer.allocate(tensor.numBytes())
            // An output without elements has no memory.
            if (tensor.numElements() > 0) copy.put(tensor.asReadOnlyBuffer())
            copy.rewind()
            copy
        }
    }

    override fun close() = interpreter.close()
}

/** Opens a file on a device. */
fun KerasBert(file: File) = KerasBert(file, LiteRtModel(file))
