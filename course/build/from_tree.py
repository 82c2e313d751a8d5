"""Run one of our modules on the files of a folder, whatever is installed beside it.

usage: ``python -P from_tree.py TREE MODULE [ARGUMENT …]``

An editable install finds every module of the working copy by its full name, so it is not enough
to put TREE first on the path: what TREE lacks would be found there. So this script is run by its
path, imports nothing of ours, and answers every import of ``cnnlab`` itself.
"""

import runpy
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class TreeFinder(MetaPathFinder):
    """Finds ``cnnlab.course`` in ``TREE/course`` and so on, and nowhere else.

    Parameters
    ----------
    tree : str
        The folder that holds ``course/``, ``autograder/``, ``datasets/``.
    """

    def __init__(self, tree: str) -> None:
        self.tree = tree

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "cnnlab":
            package = ModuleSpec(fullname, None, is_package=True)
            package.submodule_search_locations = [self.tree]
            return package
        if not fullname.startswith("cnnlab."):
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is None:  # another finder must not be asked
            raise ModuleNotFoundError(
                f"No module named {fullname!r} among the files that git has", name=fullname
            )
        return found


if __name__ == "__main__":
    _, tree, module, *arguments = sys.argv
    sys.meta_path.insert(0, TreeFinder(tree))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
