"""A machine that has none of the dependencies."""

import subprocess
import tempfile

from lab import rootfs
from lab.install import clone
from lab.process import run

from .runner import check, scenario

# Everything is mounted in a namespace of its own, which ends with the command. What makes a root a machine is added:
# /proc, terminals, a resolver and the name localhost.
SCRIPT = """
mount -t tmpfs -o mode=755 bare "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" bare "$2/root"
mount -t proc proc "$2/root/proc"
mkdir -p "$2/root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$2/root/dev/pts"
ln -sf pts/ptmx "$2/root/dev/ptmx"
echo '127.0.0.1 localhost' >>"$2/root/etc/hosts"
cat /etc/resolv.conf >"$2/root/etc/resolv.conf"
cp -a "$3" "$2/root/root/checkout"
exec chroot "$2/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root CI=true \\
    make -C /root/checkout all check
"""


@scenario(suites=("bookworm", "trixie"), long=True, cluster=False)
def bare_root_builds_and_checks(world):
    """a fresh minimal root: clone, make all check, nothing installed by hand"""
    base = rootfs.bare_root(world.suite)
    missing = run(["chroot", base, "sh", "-c", "command -v gcc pkg-config clang-format || true"]).stdout
    check(missing == "", "the root has no tools", missing)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as checkout:
        clone(checkout)
        result = subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", SCRIPT, "sh", str(base), folder,
             checkout], stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=1200,
            check=False)
    lines = (result.stdout + result.stderr).splitlines()
    tail = "\n".join([line for line in lines if "0 failed" not in line and "OK ]" not in line][-60:])
    check(result.returncode == 0, "make all check succeeds", tail)
    world.note("in a bare root: " + [line for line in lines if line.endswith("failed") and "passed," in line][-1])
