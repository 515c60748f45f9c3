"""A SNES emulator as a library: the least of a libretro frontend, for `record.py`.

Owns the calls into the shared object. Never knows what the program in it does.

Source of names, numbers and layouts: ``libretro.h`` (libretro API, version 1).
"""

from __future__ import annotations

import ctypes
from pathlib import Path

_SYSTEM_RAM = 2
_GET_SYSTEM_DIRECTORY, _SET_PIXEL_FORMAT, _GET_SAVE_DIRECTORY = 9, 10, 31

_ENVIRONMENT = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_uint, ctypes.c_void_p)
_VIDEO = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint, ctypes.c_size_t)
_AUDIO = ctypes.CFUNCTYPE(None, ctypes.c_int16, ctypes.c_int16)
_AUDIO_BATCH = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t)
_POLL = ctypes.CFUNCTYPE(None)
_INPUT = ctypes.CFUNCTYPE(ctypes.c_int16, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint)


class _GameInfo(ctypes.Structure):
    _fields_ = (
        ("path", ctypes.c_char_p),
        ("data", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
        ("meta", ctypes.c_char_p),
    )


class Console:
    """A console with a cartridge: ``ram`` is its 128 KiB of work RAM, live; one per process."""

    def __init__(self, core: Path, cartridge: bytes) -> None:
        self._core = ctypes.CDLL(str(core))
        self._directory = ctypes.c_char_p(b"/nonexistent")
        self._callbacks = (
            ("retro_set_environment", _ENVIRONMENT(self._environment)),
            ("retro_set_video_refresh", _VIDEO(lambda *_: None)),
            ("retro_set_audio_sample", _AUDIO(lambda *_: None)),
            ("retro_set_audio_sample_batch", _AUDIO_BATCH(lambda _, frames: frames)),
            ("retro_set_input_poll", _POLL(lambda: None)),
            ("retro_set_input_state", _INPUT(lambda *_: 0)),
        )
        for name, callback in self._callbacks[:1]:
            self._core[name](callback)
        self._core.retro_init()
        for name, callback in self._callbacks[1:]:
            self._core[name](callback)
        self._cartridge = cartridge
        info = _GameInfo(b"vectors.sfc", cartridge, len(cartridge), None)
        self._core.retro_load_game.restype = ctypes.c_bool
        if not self._core.retro_load_game(ctypes.byref(info)):
            raise RuntimeError("the emulator does not take the cartridge")
        self._core.retro_get_memory_data.restype = ctypes.c_void_p
        self._core.retro_get_memory_size.restype = ctypes.c_size_t
        size = self._core.retro_get_memory_size(_SYSTEM_RAM)
        self._core.retro_serialize_size.restype = ctypes.c_size_t
        self._core.retro_serialize.restype = self._core.retro_unserialize.restype = ctypes.c_bool
        self.ram = (ctypes.c_uint8 * size).from_address(self._core.retro_get_memory_data(_SYSTEM_RAM))

    def frame(self) -> None:
        """Run for one video frame."""
        self._core.retro_run()

    def reset(self) -> None:
        """Press the reset button."""
        self._core.retro_reset()

    def save(self) -> ctypes.Array[ctypes.c_char]:
        """Return the state of the whole console."""
        state = ctypes.create_string_buffer(self._core.retro_serialize_size())
        if not self._core.retro_serialize(state, ctypes.c_size_t(len(state))):
            raise RuntimeError("the emulator does not save its state")
        return state

    def restore(self, state: ctypes.Array[ctypes.c_char]) -> None:
        """Go back to a state."""
        if not self._core.retro_unserialize(state, ctypes.c_size_t(len(state))):
            raise RuntimeError("the emulator does not take the state")

    def _environment(self, command: int, data: int) -> bool:
        if command in {_GET_SYSTEM_DIRECTORY, _GET_SAVE_DIRECTORY}:
            ctypes.cast(data, ctypes.POINTER(ctypes.c_char_p))[0] = self._directory
            return True
        return command == _SET_PIXEL_FORMAT
