"""Root file systems by mmdebstrap, kept outside of the source tree and shared by all runs."""

import hashlib
import os
import shutil

from . import settings
from .process import locked, run

COMMON_PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "polkitd", "iproute2", "procps", "rabbitmq-server", "curl", "ca-certificates",
    "libcjson1", "libconfuse2", "libsystemd0", "librabbitmq4", "libsqlite3-0")
SUITE_PACKAGES = {
    "bookworm": ("libuv1", "libcurl4", "libmicrohttpd12"),
    "trixie": ("libuv1t64", "libcurl4t64", "libmicrohttpd12t64"),
    "forky": ("libuv1t64", "libcurl4t64", "libmicrohttpd12t64"),
}
BUILDER_PACKAGES = ("git", "make", "ca-certificates", "sudo")

# Units that only cost time, or cannot work, in a container that lives for minutes.
MASKED_UNITS = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "console-getty.service", "dev-hugepages.mount",
    "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "getty.target",
    "logrotate.timer", "sys-fs-fuse-connections.mount", "systemd-logind.service", "systemd-networkd.service",
    "systemd-pstore.service", "systemd-resolved.service", "systemd-timesyncd.service")

# Documentation is left out of what apt installs. It is said after the base system was extracted, because
# mmdebstrap unpacks that through a slow filter as soon as a path is excluded.
LEAVE_OUT_DOCUMENTATION = (
    "printf 'path-exclude=%s\\n' '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' '/usr/share/info/*'"
    ' >"$1/etc/dpkg/dpkg.cfg.d/lab"')


BOOTSTRAP = settings.REPOSITORY / "scripts/bootstrap"


def node_root(suite):
    """The root file system that nodes of this suite are overlays of."""
    command = bootstrap_command(suite, "essential", COMMON_PACKAGES + SUITE_PACKAGES[suite])

    def finish(root, _lock):
        mask_units(root)

    return cached_root(f"node-{suite}", command, repr(MASKED_UNITS), finish)


def bare_root(suite):
    """A minimal system of this suite with what it takes to clone and to type `make`, and nothing else."""
    return cached_root(f"bare-{suite}", bootstrap_command(suite, "minbase", BUILDER_PACKAGES), "", lambda *_: None)


def builder_root(suite):
    """A minimal system of this suite in which the product's own bootstrap has been run."""
    command = bootstrap_command(suite, "minbase", BUILDER_PACKAGES)

    def finish(root, lock):
        target = root / "root/scripts/bootstrap"
        target.parent.mkdir()
        shutil.copy2(BOOTSTRAP, target)
        run(inside(root, ["/root/scripts/bootstrap", "build"]), timeout=900, keep_open=[lock])

    return cached_root(f"builder-{suite}", command, BOOTSTRAP.read_text(), finish)


def cached_root(name, command, recipe, finish):
    """Give the folder of a root file system, building it when the cache does not have it yet.

    The folder's name carries a hash of all that shapes the content, so a changed list never meets an old root.
    It is built beside its final place and renamed when complete. The builders inherit the lock: should this
    program be killed, they go on holding it until they have ended too, and nobody builds over them.
    """
    key = hashlib.sha256(repr((command, recipe)).encode()).hexdigest()[:12]
    final = settings.CACHE / f"{name}-{key}"
    if final.exists():
        return final
    with locked(settings.CACHE / f"{name}.lock") as lock:
        if not final.exists():
            partial = settings.CACHE / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            run([*command, partial], timeout=900, keep_open=[lock])
            finish(partial, lock)
            os.rename(partial, final)
    return final


def bootstrap_command(suite, variant, packages):
    """The mmdebstrap call, without its target."""
    command = ["mmdebstrap", "--quiet", f"--variant={variant}", f"--include={','.join(packages)}",
               "--dpkgopt=force-unsafe-io", f"--extract-hook={LEAVE_OUT_DOCUMENTATION}"]
    if suite == "forky":
        command.append('--aptopt=Acquire::Check-Valid-Until "false"')
    return [*command, suite]


def mask_units(root):
    """Switch the units off that a short-lived node has no use for."""
    units = root / "etc/systemd/system"
    units.mkdir(parents=True, exist_ok=True)
    for unit in MASKED_UNITS:
        link = units / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")


def inside(root, argv):
    """The command line that runs argv in a root file system, with the host's network and resolver.

    Its mounts and processes are in namespaces of their own, which end with the command.
    """
    enter = 'cat /etc/resolv.conf >"$1/etc/resolv.conf" && exec chroot "$@"'
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root / 'proc'}",
            "sh", "-c", enter, "sh", root, *argv]
