"""The design, held by tests: who may import whom, and what importing costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from support.backends import BACKEND, only_on

PACKAGE = Path(__file__).parents[1] / "skmnist"

FLOORS = {
    "_compat": 0,
    "_files": 0,
    "_idx": 0,
    "_images": 0,
    "_versions": 0,
    "recipes": 0,
    "history": 0,
    "augmentation": 1,
    "clusters": 1,
    "preprocessing": 1,
    "keras_models": 1,
    "pictures": 1,
    "datasets": 2,
    "engine": 2,
    "networks": 2,
    "classifiers": 3,
    "pipelines": 4,
    "displays": 4,
    "significance": 4,
    "model_selection": 5,
    "persistence": 5,
    "comparison": 6,
    "drawing": 6,
    "cli": 7,
    "__main__": 8,
    "__init__": 8,
}
"""A module imports only from floors below its own; `engine` is one room."""

OWNERS = {
    "tensorflow": {"_compat", "engine"},
    "jax": {"engine"},
    "keras": {"_compat"},
    "scikeras": {"_compat"},
    "skops": {"persistence"},
    "onnx": {"persistence"},
    "PIL": {"pictures"},
    "pooch": {"datasets"},
    "jinja2": {"comparison"},
    "matplotlib": {"displays"},
    "starlette": {"drawing"},
    "uvicorn": {"drawing"},
    "typer": {"cli"},
    "rich": {"cli"},
    "joblib": {"_compat", "clusters", "comparison", "model_selection"},
    "distributed": {"clusters"},
}
"""Libraries that only these rooms may import."""

STUB = ast.parse((PACKAGE / "__init__.pyi").read_text())
HOMES = {
    alias.name: node.module
    for node in STUB.body
    if isinstance(node, ast.ImportFrom) and node.module
    for alias in node.names
}
"""Where the public names live."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.module != "skmnist":
                names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def test_every_module_has_a_floor():
    assert {room(path) for path in MODULES} == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_climbs(path):
    for name in imported(path):
        if name.startswith("skmnist."):
            part = name.split(".")[1]
            part = HOMES.get(part, part)
            assert part == room(path) or FLOORS[part] < FLOORS[room(path)], name


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_libraries_have_one_user(path):
    for name in imported(path):
        library = name.partition(".")[0]
        assert room(path) in OWNERS.get(library, {room(path)}), name


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_stay_small(path):
    assert len(path.read_text().splitlines()) <= 350


def targets_of(path: Path) -> set[Path]:
    """The package's own modules that a module imports, for types and inside functions too."""
    found = set()
    for name in imported(path):
        base = PACKAGE.parent.joinpath(*name.split("."))
        found |= {base.with_suffix(".py"), base / "__init__.py"}
    return {f for f in found if f.exists()} - {path}


def test_no_imports_go_in_circles():
    imports = {path: targets_of(path) for path in MODULES}
    assert sum(map(len, imports.values())) > 300
    done: set[Path] = set()

    def visit(path: Path, way: tuple[Path, ...]) -> None:
        assert path not in way, " -> ".join(str(p.relative_to(PACKAGE)) for p in (*way, path))
        if path not in done:
            # a package may gather what its own modules offer
            for other in imports[path]:
                if not (other.name == "__init__.py" and other.parent in path.parents):
                    visit(other, (*way, path))
            done.add(path)

    for path in MODULES:
        visit(path, ())


HEAVY = ["tensorflow", "keras", "jax", "sklearn", "pandas", "matplotlib", "scipy"]


HELP = """
import contextlib, sys
sys.argv = ["skmnist", "--help"]
from skmnist.cli import main
with contextlib.suppress(SystemExit):
    main()
"""


@pytest.mark.parametrize(
    "code",
    [
        "import skmnist; dir(skmnist)",
        "import skmnist.cli",
        HELP,
    ],
    ids=["import skmnist", "import skmnist.cli", "skmnist --help"],
)
def test_light_imports(code):
    check = f"\nimport sys; print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    assert run(code + check).stderr.strip() == "[]"


def test_public_names_exist():
    import skmnist

    for name in skmnist.__all__:
        assert getattr(skmnist, name).__doc__ or name == "recipes"
    assert set(skmnist.__all__) == {*HOMES, "recipes"} == set(dir(skmnist))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = skmnist.nothing


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


@pytest.mark.slow
def test_imports_have_no_side_effects():
    """Keras's own import draws random numbers and sets variables; ours add nothing."""
    run(
        "import os, random, logging, numpy as np, keras\n"
        "def state():\n"
        "    return (dict(os.environ), random.getstate(), np.random.get_state()[1].tolist(),\n"
        "            logging.root.handlers[:], logging.root.level, sorted(os.listdir()))\n"
        "before = state()\n"
        "import skmnist.classifiers, skmnist.datasets, skmnist.comparison, skmnist.persistence\n"
        "assert state() == before\n"
    )


@pytest.mark.slow
@only_on("tensorflow", "it is TensorFlow's switch")
def test_operations_are_left_as_they_are():
    run(
        "import skmnist.classifiers\n"
        "from tensorflow.python.framework.config import is_op_determinism_enabled\n"
        "assert not is_op_determinism_enabled()\n"
    )


def offered(path: Path) -> dict[str, list[str]]:
    """What a module offers: functions, methods and classes, with their parameters."""

    def parameters(function: ast.FunctionDef) -> list[str]:
        arguments = function.args.args + function.args.kwonlyargs
        return [a.arg.strip("_") for a in arguments if a.arg != "self"]

    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = parameters(node)
        elif isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
                    found[f"{node.name}.{part.name}"] = parameters(part)
    return found


def test_backends_are_twins():
    protocol = offered(PACKAGE / "engine/backends/protocol.py")
    names = {name.removeprefix("Backend.") for name in protocol if name.startswith("Backend.")}
    sides = [sorted(PACKAGE.glob(f"engine/backends/{side}/*.py")) for side in ("tensorflow", "jax")]
    assert len(sides[0]) > 5
    for one, other in zip(*sides, strict=True):
        assert one.name == other.name
        ours, theirs = offered(one), offered(other)
        for name in {n for n in (*ours, *theirs) if n.partition(".")[0] in names}:
            assert ours[name] == theirs[name], name


@pytest.mark.slow
@pytest.mark.parametrize("other", sorted({"tensorflow", "jax"} - {BACKEND}))
def test_the_other_backend_is_not_loaded(other):
    run(f"import skmnist.classifiers, sys; assert {other!r} not in sys.modules")


@pytest.mark.slow
def test_an_unknown_backend_is_refused():
    run(
        "from skmnist._compat.keras import keras\n"
        "keras.backend.backend = lambda: 'torch'\n"
        "try:\n"
        "    import skmnist.engine\n"
        "except ImportError as error:\n"
        "    assert \"Keras is set to 'torch': set KERAS_BACKEND\" in str(error)\n"
        "else:\n"
        "    raise AssertionError\n"
    )


@pytest.mark.slow
def test_keras_loads_without_chatter():
    done = run(
        "import skmnist.classifiers; import os; print([n for n in os.environ if 'TF_' in n])"
    )
    # Keras's own import sets some on JAX; ours leaves no other
    own = run("import keras; import os; print([n for n in os.environ if 'TF_' in n])").stdout
    assert set(ast.literal_eval(done.stdout)) <= set(ast.literal_eval(own))
    assert done.stderr == ""


@pytest.mark.slow
def test_errors_of_an_import_still_reach_the_terminal():
    done = run(
        "import os; from skmnist._compat.keras import _without_chatter\n"
        "with _without_chatter():\n"
        "    os.write(2, b'I0000 00:00 chatter\\nsomething real\\n')\n"
    )
    assert done.stderr == "something real\n"
