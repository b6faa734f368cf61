"""An ext4 file system in a file, whose power can be cut.

The cut is the file system's own: EXT4_IOC_SHUTDOWN without flushing its journal. What was not made durable before is gone after
the next mount, as if the machine had lost power; the machine itself goes on.
"""

import fcntl
import os
import struct
import subprocess
import time

SHUTDOWN, WITHOUT_LOG_FLUSH = 0x8004587D, 2


def why_not():
    """Why no power can be cut here; `None` where it can."""
    if os.geteuid() != 0:
        return "mounting takes root"
    for tool in ("mkfs.ext4", "losetup", "mount"):
        if subprocess.run(["sh", "-c", f"command -v {tool}"], capture_output=True).returncode:
            return f"there is no {tool}"
    return None


class LoopDisk:
    def __init__(self, folder, megabytes=48):
        self.image, self.place = folder / "disk.img", folder / "disk"
        self.place.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0", self.image], check=True)
        self.mount()

    def mount(self):
        subprocess.run(["mount", "-o", "loop", self.image, self.place], check=True, capture_output=True)
        self.handle = os.open(self.place, os.O_RDONLY | os.O_DIRECTORY)

    def cut(self):
        fcntl.ioctl(self.handle, SHUTDOWN, struct.pack("I", WITHOUT_LOG_FLUSH))

    def unmount(self):
        os.close(self.handle)
        for _ in range(200):
            done = subprocess.run(["umount", self.place], capture_output=True, text=True)
            if done.returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"cannot unmount: {done.stderr}")

    def power_on(self):
        """Everything that used the disk has ended by now, as it would have."""
        self.unmount()
        self.mount()
