"""An OpenGL context without a window, and what it can do."""

from __future__ import annotations

import contextlib
import logging
import math
import re
import sys
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Literal
from weakref import WeakSet

import moderngl
import numpy as np

from studio.engine.gl.driver.api import Api
from studio.engine.gl.driver.calls import Binary, Calls, Load
from studio.engine.gl.driver.compiler import LONGEST, Compiler
from studio.engine.gl.driver.machine_code import keep_machine_code
from studio.engine.gl.driver.one_llvm import leave_triton_out
from studio.engine.gl.driver.programs import keep
from studio.engine.gl.driver.refused import explained
from studio.engine.gl.driver.shaders import HALVES_TRIAL, HANDLES_TRIAL, VERTEX_SHADER, Source
from studio.engine.gl.driver.tape import MANY, can_play, can_play_now
from studio.errors import EngineError, NextTime, Pending, StudioError
from studio.model.declared.size import Size
from studio.model.networks.shape import Array

_log = logging.getLogger(__name__)

_SOFTWARE = re.compile(r"llvmpipe|softpipe|swrast|swiftshader|software|basic render", re.IGNORECASE)

_MAX_COMPUTE_SHARED_MEMORY_SIZE = 0x8262
_MAX_SHADER_STORAGE_BLOCK_SIZE = 0x90DE

_FEW_BYTES = 1 << 16

_LETS_IN = 0.002
"""Seconds in which other contexts have their turn between two programs whose machine code is made."""

_AT_ONCE = 0.01
"""Seconds after which no further program is taken between two frames, where nobody waits for it."""

NUMBERS = 1
"""Where fragment shaders find the block of their numbers; compute shaders have those of the maps that follow behind."""

_EMPTY = "#version 430\nlayout(local_size_x = 1) in;\nvoid main() {}\n"

# By the names that Qt finds them by; moderngl would ask ldconfig and compilers, which do not know every folder.
_GLX = {"libgl": "libGL.so.1", "libx11": "libX11.so.6"}

Patience = Literal["waits", "asks", "begins", "looks"]


class Device:
    """One moderngl context, its limits, and the shader programs compiled on it.

    Everything made on it belongs to the thread in which its context is current.

    Args:
        context: of moderngl.
        standalone: whether the context is ours, so that we make it current; a window's is made current by its owner.
        load: gives the address of an OpenGL function by its name, as ``QOpenGLContext.getProcAddress`` does; None asks
            moderngl's own loader.

    Attributes:
        compiled: how many programs have been compiled on it.
        compiler: compiles its compute shaders elsewhere; None where it does itself.
        layer: whose shaders are made at the moment, to be named where a driver refuses one; empty where none are.
        taped_from: how many passes of a frame are so many that native code makes their calls.
        mapped: the buffers' memory that lies open, as long as somebody has a view of it.
        units: how many textures a shader finds by units: 16 on macOS, 32 elsewhere.
    """

    def __init__(self, context: moderngl.Context, *, standalone: bool = False, load: Load | None = None) -> None:
        self._standalone = standalone
        # What Python drops is freed by the next `context.gc()`, in the thread where the context is current. Calling
        # an object's own release() as well would free it twice.
        context.gc_mode = "context_gc"
        leave_triton_out()
        self.context = context
        self.calls = Calls(load or context.mglo._context.load_opengl_function)
        self.renderer: str = context.info["GL_RENDERER"]
        self.version: str = context.info["GL_VERSION"]
        self.max_texture: int = context.info["GL_MAX_TEXTURE_SIZE"]
        self.units: int = context.info["GL_MAX_TEXTURE_IMAGE_UNITS"]
        self.is_software = bool(_SOFTWARE.search(self.renderer))
        if not self.is_software:
            self.calls.be_brief()
        # In software the calls are the least of it, and there LLVM would be loaded for them.
        self.taped_from = math.inf if self.is_software else MANY
        self.has_compute: bool = context.version_code >= 430
        self.can_map = context.version_code >= 440 or "GL_ARB_buffer_storage" in context.extensions
        self.shared_memory = self.calls.integer(_MAX_COMPUTE_SHARED_MEMORY_SIZE) if self.has_compute else 0
        # Bytes that a shader sees of a buffer; GL 4.3 promises 16 MB.
        self.most_storage = self.calls.integer(_MAX_SHADER_STORAGE_BLOCK_SIZE) if self.has_compute else 0
        self.layer = ""
        self.compiler: Compiler | None = None
        self._patience: Patience = "waits"
        self._spent = 0.0
        self._draws: OrderedDict[Source, moderngl.VertexArray] = OrderedDict()
        self._computes: OrderedDict[Source, moderngl.ComputeShader] = OrderedDict()
        self.compiled = 0
        self.mapped: WeakSet[object] = WeakSet()

    def can_play(self, passes: int) -> bool:
        """Whether native code can make the calls of so many passes; where not, Python does, for now or for good."""
        return passes >= self.taped_from and can_play(self.calls)

    def can_play_few(self) -> bool:
        """Whether native code, which large frames have loaded, can make the calls of a few passes, too."""
        return self.taped_from < math.inf and can_play_now(self.calls)

    @cached_property
    def has_handles(self) -> bool:
        """Whether compute shaders can find textures by handles, and gain by it: software binds textures in no time."""
        if self.is_software or not self.has_compute or "GL_ARB_bindless_texture" not in self.context.extensions:
            return False
        try:
            self.compute(HANDLES_TRIAL)
            texture = self.texture(Size(1, 1))
            self.calls.handle(texture)
            self.calls.image_handle(texture)
        except (moderngl.Error, StudioError):
            self.context.clear_errors()
            return False
        return True

    @cached_property
    def has_halves(self) -> bool:
        """Whether compute shaders can multiply in float16."""
        if self.is_software or not self.has_compute or "GL_NV_gpu_shader5" not in self.context.extensions:
            return False
        try:
            self.compute(HALVES_TRIAL)
        except (moderngl.Error, StudioError):
            self.context.clear_errors()
            return False
        return True

    def use(self) -> None:
        """Make a context of our own current: another engine, or a probe, may have made its own so since."""
        if self._standalone:
            self.context.__enter__()  # type: ignore[no-untyped-call]

    def finish(self) -> None:
        """Wait until everything asked for so far is done; other Python threads run meanwhile."""
        self.calls.finish()

    @property
    def is_out_of_memory(self) -> bool:
        """Whether something made since the last look, or the last error, found no memory."""
        return self.context.error == "GL_OUT_OF_MEMORY"

    def unbind(self) -> None:
        """Bind the context's own framebuffer, so that nothing holds on to the one drawn into last."""
        self.context.detect_framebuffer(0).use()

    def texture(self, size: Size, *, half: bool = False) -> moderngl.Texture:
        """A texture of float32 or float16 RGBA, of so many texels, of which one is read at a time."""
        made = self.context.texture(size.wh, 4, dtype="f2" if half else "f4")
        made.filter = moderngl.NEAREST, moderngl.NEAREST
        made.repeat_x = made.repeat_y = False
        return made

    @explained
    def fragment(self, source: Source) -> moderngl.VertexArray:
        """One triangle over the whole target, drawn with this fragment shader; compiled once."""
        if source not in self._draws:
            self.compiled += 1
            program = self.context.program(VERTEX_SHADER, source.text())
            block = program.get("Numbers0", None)
            if isinstance(block, moderngl.UniformBlock):
                block.binding = NUMBERS
            keep(self._draws, source, self.context.vertex_array(program, []))
        self._draws.move_to_end(source)
        return self._draws[source]

    @explained
    def compute(self, source: Source) -> moderngl.ComputeShader:
        """The compute program of this shader, compiled once."""
        if source not in self._computes:
            keep(self._computes, source, self._compiled(source))
            self.compiled += 1
        self._computes.move_to_end(source)
        return self._computes[source]

    @property
    def waits_elsewhere(self) -> bool:
        """Whether a shader that is wanted now is compiled elsewhere, and waited for."""
        return self.compiler is not None and self._patience == "waits"

    def foresee(self, sources: Iterable[Source]) -> None:
        """Have compute shaders compiled that will be wanted soon: elsewhere, or here where that would be done twice."""
        for source in sources:
            if self.compiler is None or source in self._computes:
                continue
            if self.compiler.is_quick(source.text()):
                self.compiler.ask(source.text())
                continue
            # What is refused is said by whoever wants it.
            with contextlib.suppress(EngineError, Pending):
                self.compute(source)

    @contextlib.contextmanager
    def being(self, patience: Patience) -> Iterator[None]:
        """While this lasts, raise `Pending` where a shader does not run at once, and the device has a compiler.

        So it does where taking others has kept the thread for a while: large ones take a tenth of a second together.

        Args:
            patience: whether it is asked for then; "begins" leaves to who waits, right behind, what he compiles.
        """
        before, self._patience = self._patience, patience
        self._spent *= before != "waits"
        try:
            yield
        finally:
            self._patience = before

    def _compiled(self, source: Source) -> moderngl.ComputeShader:
        """A compute program; other Python threads run while a GPU's driver makes it, which may take a second."""
        text, began = source.text(), time.perf_counter()
        if (binary := self._binary(text)) is not None:
            made = self.context.compute_shader(_EMPTY)
            if self.calls.take_binary(made.glo, binary):
                self._warm(made)
                self._spent += time.perf_counter() - began
                return made
            # What comes from there is of no use here, whatever it is.
            self.context.clear_errors()
            self.compiler = None
            _log.warning("The graphics driver refuses shaders that other processes compile: this one compiles them.")
        made = self.context.compute_shader(text if self.is_software else _EMPTY)
        if not self.is_software and not self.calls.relink(made.glo, text):
            # Where the driver refuses it, it says why.
            made = self.context.compute_shader(text)
        if self.compiler is not None:
            # It is on the disk by the next start, and was not in the way of this.
            self.compiler.ask(text)
            time.sleep(_LETS_IN)
        return made

    def _warm(self, program: moderngl.ComputeShader) -> None:
        """Have a driver do now what it puts off until a program that it was handed first runs, not all in one frame.

        NVIDIA's takes 30 to 200 ms to find the machine code of large ones on the disk. Who waits has it run at once.
        """
        if self._patience != "waits":
            time.sleep(_LETS_IN)
            self.calls.dispatch(program, 0, 0, 0)
            self.calls.finish()
            time.sleep(_LETS_IN)

    def _binary(self, text: str) -> Binary | None:
        """A compute shader as it was compiled elsewhere; None where it has to be compiled here."""
        if self.compiler is None:
            return None
        waits, quick = self._patience == "waits", self.compiler.is_quick(text)
        # Else the driver would compile it again here, though it were there.
        if waits and not quick:
            return None
        if self._patience == "looks" or (self._patience == "begins" and not quick):
            raise Pending
        asked = self.compiler.ask(text, waits=waits)
        if not waits and (not quick or not asked.done() or self._spent > _AT_ONCE):
            raise Pending if quick else NextTime
        try:
            binary = asked.result(LONGEST)
        except TimeoutError:
            self.compiler = None
            return None
        self.compiler.forget(text)
        return binary

    @property
    def programs(self) -> frozenset[Source]:
        """The compute shaders that are compiled."""
        return frozenset(self._computes)

    def has(self, source: Source) -> bool:
        """Whether a shader is compiled."""
        return source in (self._computes if source.stage == "compute" else self._draws)

    def drop(self, sources: Iterable[Source]) -> None:
        """Compute shaders that will not be asked for again; passes that run them keep them."""
        for source in sources:
            self._computes.pop(source, None)

    def write_buffer(self, buffer: moderngl.Buffer, values: Array, offset: int = 0) -> None:
        """Write float32 values into a buffer, so many bytes behind its beginning."""
        if self.is_software or values.nbytes > _FEW_BYTES:
            self.calls.write_buffer(buffer, values, offset)
        else:
            # Sooner done than Python's lock is let go of and taken again.
            buffer.write(np.ascontiguousarray(values, np.float32), offset=offset)

    def dispatch(self, program: moderngl.ComputeShader, x: int, y: int = 1, z: int = 1) -> None:
        """Run so many workgroups of a compute shader."""
        if self.is_software:
            # It may run them at once, so that other Python threads had to wait.
            self.calls.dispatch(program, x, y, z)
        else:
            program.run(x, y, z)

    def close(self) -> None:
        """Free the programs and the context."""
        self.use()
        self._draws.clear()
        self._computes.clear()
        self.context.gc()
        # With the context goes the memory that lies open: whoever looks at some still keeps it until he looks away.
        if not self.mapped:
            self.context.release()


def open_device(number: int | None = None, api: Api = "") -> Device:
    """A device on a context of its own, current in the calling thread.

    Args:
        number: which of EGL's devices, on Linux; None takes the first that works.
        api: by what the context is made; empty takes what works.

    Raises:
        StudioError: where there is no OpenGL 3.3, with the reason the system gave.
    """
    keep_machine_code()
    # EGL needs no display; elsewhere the platform's own way makes a hidden window.
    backends: tuple[dict[str, Any], ...] = ({"backend": "egl"}, _GLX) if sys.platform.startswith("linux") else ({},)
    if api:
        backends = tuple(backend for backend in backends if ("backend" in backend) == (api == "egl"))
    if number is not None and sys.platform.startswith("linux"):
        backends = ({"backend": "egl", "device_index": number},)
    reasons = []
    for backend in backends:
        # Some drivers give just the version that is asked for, so compute shaders have to be.
        for version in (430, 330):
            settings: dict[str, Any] = {"standalone": True, "require": version, **backend}
            try:
                return Device(moderngl.create_context(**settings), standalone=True)
            except Exception as error:  # noqa: BLE001 - glcontext raises plain Exception, and each loader its own kind
                reasons.append(str(error).strip().rstrip("."))
    raise StudioError(
        f"No OpenGL 3.3 here ({'; '.join(dict.fromkeys(reasons))}). Install a graphics driver, or use the engine torch."
    )
