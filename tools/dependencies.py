"""What a lesson depends on: the definitions that its cells reach, name by name, and the data files these name.

A name is followed from the cells into the definition it stands for, through `module.attribute`, from-imports and what a
package's `__init__` hands on, and from there the names of its body, bases and decorators, and so on. Statements of a
module that define nothing run on import, so they count wherever the module is loaded. Comments and docstrings do not.

Where a look at the source cannot tell, more is taken, never less: a whole module where the module itself is handed on
(`getattr(module, name)`), where its name is a text, or where its code asks for `globals`; every class that Keras knows
by name where a model is loaded from a file; every definition under a decorator that may do something on import.
"""

import ast
import contextlib
import fnmatch
import functools
import hashlib
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

DATA = ("course_lib", "data", "experiments/results", "benchmarks")  # where a data file that is named may lie
HARMLESS = {"property", "setter", "staticmethod", "classmethod", "dataclass", "cache", "lru_cache", "cached_property",
            "contextmanager", "wraps", "total_ordering", "custom_gradient", "function"}  # fmt: skip
REGISTERED = "register_keras_serializable"
BY_NAME = {"load_model", "model_from_json", "get_registered_object", "__subclasses__"}
ITSELF = {"globals", "eval", "exec"}  # these reach any name of the module they are called in
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef,
          ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)  # fmt: skip
SHOWN = {"getsource", "getsourcelines", "getdoc", "__doc__"}  # these show comments or docstrings


@dataclass(frozen=True)
class Import:
    """A name that stands for a module, or for `attribute` of one."""

    module: str
    attribute: str | None = None


@dataclass
class Unit:
    """One top-level statement. plain: its lines without comments and docstrings; whole: with them."""

    module: str
    node: ast.stmt
    plain: str
    whole: str
    runs: bool  # on import it does more than to define something
    registered: bool = False

    @functools.cached_property
    def uses(self) -> "_Uses":
        """The names it uses."""
        found = _Uses(self.module)
        found.visit(self.node)
        return found


@dataclass
class Module:
    """A module's top-level statements, and what each of its names is bound to."""

    units: list[Unit] = field(default_factory=list)
    names: dict[str, list[Unit | Import]] = field(default_factory=dict)
    loads: set[str] = field(default_factory=set)  # the modules its import statements name


# -- reading one module ------------------------------------------------------------------------------------------------


def _last(node: ast.AST) -> str:
    """The last name of a decorator or a call: `keras.saving.register(…)` -> register."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _imports(node: ast.Import | ast.ImportFrom, module: str) -> Iterator[tuple[str, Import]]:
    """The names an import statement binds; relative ones seen from `module`, a package as `package.__init__`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.split(".")[0]  # `import a.b` binds a
            yield alias.asname or first, Import(alias.name if alias.asname else first)
    else:
        above = module.split(".")[: -node.level] if node.level else []
        source = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            yield alias.asname or alias.name, Import(source, None if alias.name == "*" else alias.name)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """A node and those below it, not those with names of their own: in functions, classes and comprehensions."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting += ast.iter_child_nodes(node)


def _bound(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that statements bind where they stand, imports and `global` left out."""
    found, elsewhere = set(), set()
    for part in (part for node in nodes for part in _own(node)):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            found.add(part.id)
        elif isinstance(part, (ast.Global, ast.Nonlocal)):
            elsewhere |= set(part.names)
        elif not isinstance(part, ast.alias) and (name := getattr(part, "name", None)):
            found.add(name)  # a function, a class, `except … as`, `case … as`
    return found - elsewhere


class _Uses(ast.NodeVisitor):
    """The names that a piece of code uses and does not bind itself, each with the attributes asked of it."""

    def __init__(self, module: str):
        self.module = module
        self.names: set[tuple[str, ...]] = set()  # (text, tokenize) for text.tokenize
        self.words: set[str] = set()  # every name and attribute, wherever it stands
        self.texts: set[str] = set()  # string constants; * where an f-string has a value
        self.imports: list[tuple[str, Import]] = []  # made inside
        self.loads: set[str] = set()
        self.any_module = False  # imports a module whose name is only known when it runs
        self._local: list[set[str]] = []

    def _use(self, name: str, *attributes: str) -> None:
        self.words |= {name, *attributes}
        if not any(name in local for local in self._local):
            self.names.add((name, *attributes))

    def visit_Name(self, node):
        self._use(node.id)

    def visit_Attribute(self, node):
        attributes, base = [node.attr], node.value
        while isinstance(base, ast.Attribute):
            attributes.insert(0, base.attr)
            base = base.value
        if isinstance(base, ast.Name):
            self._use(base.id, *attributes)
        else:
            self.words |= set(attributes)
            self.visit(base)

    def visit_Call(self, node):
        named = node.args and isinstance(node.args[0], ast.Constant)
        self.any_module |= _last(node) in ("import_module", "__import__") and not named
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            self.texts.add(node.value)

    def visit_JoinedStr(self, node):
        self.texts.add("".join(p.value if isinstance(p, ast.Constant) else "*" for p in node.values))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Expr(self, node):
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.visit(node.value)

    def visit_Import(self, node):
        bound = list(_imports(node, self.module))
        self.imports += bound
        self.loads |= _loads(node, bound)

    visit_ImportFrom = visit_Import  # noqa: N815 - ast's names

    def _scope(self, inner: list[ast.AST], local: set[str]) -> None:
        self._local.append(local)
        for node in inner:
            self.visit(node)
        self._local.pop()

    def visit_FunctionDef(self, node):
        arguments = node.args
        outer = [*arguments.defaults, *(d for d in arguments.kw_defaults if d), *getattr(node, "decorator_list", [])]
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        every = [a for a in every if a]
        outer += [a.annotation for a in every if a.annotation]
        outer += [node.returns] if getattr(node, "returns", None) else []
        for part in outer:
            self.visit(part)
        body = node.body if isinstance(node.body, list) else [node.body]
        self._scope(body, {a.arg for a in every} | _bound(body))

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef  # noqa: N815 - ast's names

    def visit_ListComp(self, node):
        self._scope(list(ast.iter_child_nodes(node)), _bound(g.target for g in node.generators))
        self.visit(node.generators[0].iter)  # the one part that is outside: `[text for text in text]`

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815 - ast's names


def _loads(node: ast.AST, bound: list[tuple[str, Import]]) -> set[str]:
    """The modules that an import statement loads; a name that is no module is none and does no harm."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    return {i.module for _, i in bound} | {f"{i.module}.{i.attribute}" for _, i in bound if i.attribute}


def _without_comments(source: str, tree: ast.Module) -> list[str]:
    """The lines of a source, comments and docstrings blanked. (From the text: a dump of the tree differs by Python.)"""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = {n.body[0].lineno for n in ast.walk(tree) if isinstance(n, kinds) and ast.get_docstring(n) is not None}
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.start[0] in documented):
            (first, begin), (last, end) = token.start, token.end
            lines[first - 1 : last] = [lines[first - 1][:begin] + lines[last - 1][end:], *[""] * (last - first)]
    return lines


@functools.lru_cache(maxsize=1000)
def read(name: str, source: str, runs: bool = False) -> Module:
    """A module of that dotted name; runs: every statement counts, as in a lesson's cells."""
    module, tree, lines = Module(), ast.parse(source), source.splitlines()
    plain = _without_comments(source, tree)
    for node in tree.body:
        for part in _own(node):  # at the top, or under `if` and `try`
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                bound = list(_imports(part, name))
                module.loads |= _loads(part, bound)
                for local, target in bound:
                    module.names.setdefault(local, []).append(target)
        if isinstance(node, (ast.Import, ast.ImportFrom)) or _is_idle(node):
            continue
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)]) - 1
        unit = Unit(
            name,
            node,
            "\n".join(line.rstrip() for line in plain[first : node.end_lineno] if line.strip()),
            "\n".join(lines[first : node.end_lineno]),
            runs or _does_something(node),
            any(_last(d) == REGISTERED for d in decorators),
        )
        module.units.append(unit)
        for local in _bound([node]):
            module.names.setdefault(local, []).append(unit)
    return module


def _is_idle(node: ast.stmt) -> bool:
    """Whether a top-level statement is a docstring, or what runs only where the module is the program."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Compare) and getattr(node.test.left, "id", "") == "__name__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _does_something(node: ast.stmt) -> bool:
    """Whether a top-level statement may do more than to bind names that it names."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return any(_last(d) not in HARMLESS | {REGISTERED} for d in node.decorator_list)
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(part, (ast.Attribute, ast.Subscript)) for target in targets for part in ast.walk(target))
    return True


# -- following names ---------------------------------------------------------------------------------------------------


class Reach:
    """Everything reached from a lesson: `units`, the data `files` they name, and names asked for that are `missing`."""

    def __init__(self, root: Path):
        self.root = root
        self.units: dict[int, Unit] = {}
        self.files: set[Path] = set()
        self.missing: set[str] = set()
        self._imported: set[tuple[str, Import]] = set()
        self._loaded: dict[str, Module | None] = {}
        self._followed: set[tuple] = set()
        self._waiting: list[Unit] = []
        self._by_name = False

    @functools.cached_property
    def data(self) -> dict[str, list[Path]]:
        """Every data file there is, by its name."""
        found: dict[str, list[Path]] = {}
        for folder in DATA:
            for path in (self.root / folder).rglob("*"):
                if path.suffix not in (".py", ".pyc", ".lock") and path.is_file():
                    found.setdefault(path.name, []).append(path)
        return found

    def start(self, source: str, also: Iterable[tuple[str, str]] = ()) -> "Reach":
        """Follow a lesson's source, and definitions beside it: (module, name)."""
        lesson = read("__main__", source, runs=True)
        self._loaded["__main__"] = lesson
        for module in lesson.loads:
            self.load(module)
        self._waiting += lesson.units
        for module, name in also:
            self.follow(module, (name,))
        while self._waiting:
            self._visit(self._waiting.pop())
        return self

    def texts(self) -> list[str]:
        """The source of all that is reached, in an order of its own; the lesson itself left out."""
        units = [unit for unit in self.units.values() if unit.module != "__main__"]
        words = set().union(*(unit.uses.words for unit in self.units.values()))
        own = {f"{unit.module}\n{unit.whole if words & SHOWN else unit.plain}" for unit in units}
        return sorted(own | {f"{local} = {i.module} {i.attribute}" for local, i in self._imported})

    def digest(self, source: bytes = b"") -> str:
        """A hash of a lesson's source and all that is reached from it: the same on every machine."""
        digest = hashlib.sha256(source)
        for text in self.texts():
            digest.update(text.encode() + b"\0")
        for path in sorted(self.files):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(path.relative_to(self.root).as_posix().encode() + b"\0" + content)
        return digest.hexdigest()

    def file(self, module: str) -> Path | None:
        """The file of a module of this repository."""
        base = self.root.joinpath(*module.split("."))
        candidates = (base / "__init__.py", base.with_suffix(".py")) if module else ()
        return next((path for path in candidates if path.is_file()), None)

    def load(self, name: str) -> Module | None:
        """Load a module and the packages around it, as an import does; None if it is not of this repository."""
        if name not in self._loaded:
            self._loaded[name] = None
            if "." in name:
                self.load(name.rpartition(".")[0])
            if path := self.file(name):
                source = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
                module = read(f"{name}.__init__" if path.name == "__init__.py" else name, source)
                self._loaded[name] = module
                for other in module.loads:
                    self.load(other)
                for everything in module.names.get("*", ()):
                    self._take("*", everything, ())
                self._waiting += [u for u in module.units if u.runs or (self._by_name and u.registered)]
        return self._loaded[name]

    def follow(self, name: str, attributes: tuple[str, ...]) -> None:
        """Reach `attributes` of a module; the whole of it where none is asked for, or one that is not seen there."""
        if (name, attributes) in self._followed:
            return
        self._followed.add((name, attributes))
        module = self.load(name)
        if module is None:
            return
        if attributes and (bound := module.names.get(attributes[0])):
            for target in bound:
                self._take(attributes[0], target, attributes[1:])
        elif attributes and self.file(f"{name}.{attributes[0]}"):
            self.follow(f"{name}.{attributes[0]}", attributes[1:])
        elif attributes[:1] not in (("__name__",), ("__file__",)):
            self.missing |= {f"{name}.{attribute}" for attribute in attributes[:1]}
            self._whole(name, module)

    def _whole(self, name: str, module: Module) -> None:
        self._waiting += module.units
        for local, bound in module.names.items():
            for target in bound:  # not the modules it imports: these are followed where they are used
                if isinstance(target, Import) and target.attribute:
                    inner = f"{target.module}.{target.attribute}"
                    if not self.file(inner):
                        self._take(local, target, ())
        if self.file(name) == self.root.joinpath(*name.split("."), "__init__.py"):
            for path in self.file(name).parent.glob("*"):
                if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").is_file():
                    self.follow(f"{name}.{path.stem}", ())

    def _take(self, local: str, target: Unit | Import, attributes: tuple[str, ...]) -> None:
        if isinstance(target, Unit):
            self._waiting.append(target)
        else:
            self._imported.add((local, target))
            self.follow(target.module, (target.attribute, *attributes) if target.attribute else attributes)

    def _visit(self, unit: Unit) -> None:
        if id(unit) in self.units:
            return
        self.units[id(unit)] = unit
        uses, module = unit.uses, self._loaded[unit.module.removesuffix(".__init__")]
        for name in uses.loads:
            self.load(name)
        for name, *attributes in uses.names:
            inside = [target for local, target in uses.imports if local == name]
            for target in inside or module.names.get(name, ()):
                self._take(name, target, tuple(attributes))
        for text in uses.texts:
            self._name_files(text)
            if re.fullmatch(r"\w+(\.\w+)+", text) and self.file(text):
                self.follow(text, ())
        if uses.any_module:
            self.follow("course_lib", ())
        if uses.words & ITSELF:
            self._waiting += module.units
        if uses.words & BY_NAME and not self._by_name:
            self._by_name = True
            self._waiting += [u for m in self._loaded.values() if m for u in m.units if u.registered]

    def _name_files(self, text: str) -> None:
        if re.search(r"\\\.[(?:]*[a-z]", text):  # a regular expression: its parts are no names of files
            with contextlib.suppress(re.error):
                pattern = re.compile(text)
                self.files |= {path for name in self.data if pattern.fullmatch(name) for path in self.data[name]}
                return
        for word in re.split(r"[^\w.*-]+", text):
            word = f"*{word}" if re.fullmatch(r"\.\w+", word) else word.rstrip(".")
            if "*" in word and re.search(r"\.[a-z]\w*$", word):
                names = fnmatch.filter(self.data, word)
            else:
                names = [word] if word in self.data else []
            self.files |= {path for name in names for path in self.data[name]}
