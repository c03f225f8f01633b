import subprocess
import sys

SCRIPT = """
import numpy as np, keras, tensorflow as tf, kerasbert
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"]
def losses(strategy):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        config = kerasbert.BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8,
            intermediate_dim=16, hidden_dropout=0.0, attention_dropout=0.0)
        task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config),
            kerasbert.BertTokenizer(tokens), ["bad", "good"], dropout=0.0)
        task.compile()
    return task.fit(["good", "bad"] * 8, [1, 0] * 8, batch_size=4, epochs=3, shuffle=False, verbose=0
        ).history["loss"]
one = losses(tf.distribute.OneDeviceStrategy("/cpu:0"))
two = losses(tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"]))
print(one, two)
np.testing.assert_allclose(one, two, rtol=1e-4)
"""


def test_two_devices_train_as_one(tmp_path):
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
