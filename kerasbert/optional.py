"""TensorFlow and other packages that model code must not need, imported at their first use."""

from kerasbert import checks


class OptionalModule:
    """Stands for a module: imports it when an attribute is asked for, or says how to install it.

    An `import` inside a function would do, but AutoGraph cannot trace one.

    Args:
        name: str, the module.
        install: str, the install line that brings it.
    """

    def __init__(self, name, install):
        self._name, self._install = name, install

    def __getattr__(self, attribute):
        return getattr(checks.require(self._name, self._install), attribute)


jax = OptionalModule("jax", "pip install jax")
tensorflow = OptionalModule("tensorflow", "pip install tensorflow")
tensorflow_text = OptionalModule(
    "tensorflow_text",
    'pip install "tensorflow-text>=2.20,<2.22" (on Linux, or a Mac with Apple silicon; on Windows use WSL)',
)
