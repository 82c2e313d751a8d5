"""Keras loaded quietly: what TensorFlow writes is not seen, what goes wrong is."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_nothing_is_written_while_keras_is_loaded():
    code = "from cnnlab.course.networks.quiet import keras; print(keras.Sequential.__name__)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("Sequential\n", "")


def test_silence_ends_and_exceptions_pass(capfd):
    from cnnlab.course.networks.quiet import silence

    def fail():
        with silence():
            os.write(2, b"hidden\n")
            raise ValueError("seen")

    with pytest.raises(ValueError, match="seen"):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
