"""TensorFlow and other packages that models can do without, which are imported at their first use."""

from kerasbert import checks


class OptionalModule:
    """Takes the place of a module, which is imported when an attribute is first used.

    An `import` inside a function would be simpler, but AutoGraph cannot trace it. If the module is not
    installed, the error says how to install it.

    Args:
        name: str, the name of the module.
        install: str, the command that installs it.
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
