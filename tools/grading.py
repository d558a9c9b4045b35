"""What `nbgrader autograde` runs submissions with: nbgrader's Execute, which one student's code cannot stop.

The course's nbgrader_config.py (`tools.release` writes it) names it. Beyond nbgrader's own:

- a cell that ends the kernel, or that nothing interrupts, is left out, and the others are run again in a new kernel;
- it is run in a copy of its folder, as deep in a tree: what its cells delete, in `..` too, are copies;
- it gets three quarters of the machine's memory, 8 GB at most, and then a MemoryError (Windows, macOS: no limit);
- endless loops share a minute: each cell that ran out of time halves what the next may take;
- output is cut when it comes in, of any kind, not only many lines of it;
- before a check, the set-up's names, the checks and the working directory are as they were;
- a warning in a check is no error (nbgrader gives 0 for any text on standard error), a number no points.
"""

import ast
import os
import shutil
import tempfile
from itertools import count
from pathlib import Path
from queue import Empty

import nbformat
import psutil
from nbclient.exceptions import DeadKernelError
from nbgrader import preprocessors
from nbgrader.utils import is_grade, is_locked, is_solution
from traitlets import Integer

STUDENTS = "student-cell"  # tag of a cell that is not the lesson's (tools/mending.py)
KERNELS = 5  # so many may be ended; then all that is left is left out
CUT = "\n... output cut ..."
RESTORE = """import importlib, os, sys
os.makedirs({folder!r}, exist_ok=True)
os.chdir({folder!r})
for _name in sorted(_n for _n in sys.modules if _n == "course_lib.checks" or _n.startswith("course_lib.exercises.")):
    importlib.reload(sys.modules[_name])
"""
LIMIT = (
    "import resource; resource.setrlimit(resource.RLIMIT_DATA,"
    " ({memory}, resource.getrlimit(resource.RLIMIT_DATA)[1])); del resource"
)


class Execute(preprocessors.Execute):
    """Run a submission cell by cell, to its end, whatever its cells do."""

    answer_seconds = Integer(20, help="for a cell of the student's, or a check").tag(config=True)
    lesson_seconds = Integer(600, help="for a cell of the lesson's").tag(config=True)
    max_characters = Integer(1_000_000, help="of output a cell, pictures included").tag(config=True)

    def __init__(self, **options):
        super().__init__(**options)
        self.timeout_func = self._seconds
        self.raise_on_iopub_timeout = False
        # exit() ends a kernel some time later, which would look like a later cell's doing
        lines = ["get_ipython().ask_exit = lambda: None"]
        if os.name == "posix":
            memory = int(min(8e9, 0.75 * psutil.virtual_memory().total))
            lines.append(LIMIT.format(memory=memory))
        self.extra_arguments = [f"--IPKernelApp.exec_lines={line}" for line in lines]
        self.shutdown_kernel = "immediate"  # a student's threads have no say in it

    def preprocess(self, nb, resources, km=None):
        """Run a notebook; again without the cell that ended the kernel, as often as that happens."""
        self._timeouts = 0
        for kernels in count(1):
            try:
                return self._in_a_copy(nb, resources, km)
            except DeadKernelError as error:
                self.log.warning("A cell is left out, the others are run again: %s", error)
                rest = nb.cells[nb.cells.index(self._running) :]
                for cell in rest[:1] if kernels < KERNELS else rest:
                    self._leave_out(cell, str(error))

    def _in_a_copy(self, nb, resources, km):
        where, folder = resources["metadata"], Path(resources["metadata"]["path"]).resolve()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            try:
                copied = shutil.copytree(folder, Path(scratch, *folder.parts[-4:]))  # course, autograded, student, ps1
                return super().preprocess(nb, resources | {"metadata": where | {"path": str(copied)}}, km)
            finally:
                self.resources = resources

    def preprocess_cell(self, cell, resources, index):
        """Run a cell; before a check, put back what it uses; after a student's, see that the kernel answers."""
        if self.skip_cells_with_tag in cell.metadata.get("tags", []):
            return cell, resources
        self._running = cell
        if is_grade(cell):
            self._aside(self._restore(), index)
        self._room = self.max_characters
        done = super().preprocess_cell(cell, resources, index)
        if self._is_students(cell):
            self._aside("pass", index)
        return done

    def _aside(self, source, index) -> None:
        """Run code that is not the notebook's, in place of a cell of it."""
        cell, self._room = self.nb.cells[index], self.max_characters
        self.execute_cell(nbformat.v4.new_code_cell(source, metadata={"tags": [STUDENTS]}), index, store_history=False)
        self.nb.cells[index] = cell

    def _is_students(self, cell) -> bool:
        return is_grade(cell) or is_solution(cell) or STUDENTS in cell.metadata.get("tags", [])

    def _restore(self) -> str:
        set_up = next((c for c in self.nb.cells if is_locked(c) and not is_grade(c)), None)
        body = ast.parse(set_up.source).body if set_up else []
        imports = [ast.unparse(line) for line in body if isinstance(line, (ast.Import, ast.ImportFrom))]
        folder = Path(self.resources["metadata"]["path"]).resolve()
        return "\n".join([RESTORE.format(folder=str(folder)), *imports])

    def _seconds(self, cell) -> int:
        if self._is_students(cell):
            return max(self.answer_seconds >> self._timeouts, min(self.answer_seconds, 5))
        return self.lesson_seconds

    def _leave_out(self, cell, why: str) -> None:
        if cell.cell_type != "code":
            return
        cell.metadata.tags = [*cell.metadata.get("tags", []), self.skip_cells_with_tag]
        cell.outputs = [
            nbformat.v4.new_output("error", ename="KernelDied", evalue=why, traceback=[f"KernelDied: {why}"])
        ]

    async def _async_handle_timeout(self, timeout, cell=None):
        reply = await super()._async_handle_timeout(timeout, cell)
        self._timeouts += 1
        try:
            await self.kc.shell_channel.get_msg(timeout=5)  # the interrupted cell's own
        except Empty:
            raise DeadKernelError(f"it ran for {timeout} s, and nothing interrupts it") from None
        return reply

    def output(self, outs, msg, display_id, cell_index):
        """Take in an output, as long as the cell has not written too much; its errors always."""
        content, kind = msg["content"], msg["msg_type"]
        if kind == "error":  # never dropped: it decides about points
            content["evalue"] = content["evalue"][:10_000]
            content["traceback"] = [line[:10_000] for line in content["traceback"]]
            return super().output(outs, msg, display_id, cell_index)
        if is_grade(self._running):  # there is nothing between right and an error: no warning, no number counts
            if kind == "execute_result":
                msg = msg | {"msg_type": "display_data", "header": msg["header"] | {"msg_type": "display_data"}}
            content["name"] = "stdout"
        size = sum(len(str(value)) for value in content.get("data", {}).values()) + len(content.get("text", ""))
        if size > self._room >= 0:
            text = (content.get("text") or content.get("data", {}).get("text/plain", ""))[: self._room] + CUT
            msg = msg | {"msg_type": "stream", "header": msg["header"] | {"msg_type": "stream"},
                         "content": {"name": content.get("name", "stdout"), "text": text}}  # fmt: skip
            self._room = -1
            return super().output(outs, msg, None, cell_index)
        if self._room < 0:
            return None
        self._room -= size
        return super().output(outs, msg, display_id, cell_index)
