"""Puts the product on the nodes of a cluster, built for the system that they run."""

import platform

from . import rootfs, settings
from .process import locked, run, wait_for

UNIT = "rmqwatchd.service"
GROUP = "rmqwatchd"
CONFIGURATION = "/etc/rmqwatchd/rmqwatchd.conf"


class Product:
    """The installed form of the checkout, and its way onto nodes."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.tree = cluster.live / "product"

    def build(self):
        """Stage the product's files: with the host's tools where they fit the suite, else inside that suite."""
        self.tree.mkdir(exist_ok=True)
        if platform.freedesktop_os_release().get("VERSION_CODENAME") == self.cluster.suite:
            with locked(settings.CACHE / "make.lock") as lock:
                run(["make", "-C", settings.REPOSITORY, "all", "install", f"DESTDIR={self.tree}", "PREFIX=/usr"],
                    timeout=900, keep_open=[lock])
        else:
            self._build_in_suite()
        return self

    def _build_in_suite(self):
        """Build a copy of the sources in a minimal system of the cluster's suite."""
        root = self.cluster.mount_overlay("builder", rootfs.builder_root(self.cluster.suite))
        export(root / "root/checkout")
        stage = root / "root/stage"
        stage.mkdir()
        make = ["make", "-C", "/root/checkout", "all", "install", "DESTDIR=/root/stage", "PREFIX=/usr"]
        run(self.cluster.cgroups.joining(settings.HUB, rootfs.inside(root, make)), timeout=900)
        copy_tree(stage, self.tree)

    def install(self, node, configuration, secrets=None, start=True):
        """Install the staged files on a node, with its configuration, and start the daemon.

        secrets: path -> text, of files that the configuration names; the daemon's group may read them.
        """
        copy_tree(self.tree, node.root)
        node.run(["systemd-sysusers"])
        node.run(["systemd-tmpfiles", "--create"], check=False)
        node.run(["journalctl", "--update-catalog"])
        for path, text in (secrets or {}).items():
            node.write_file(path, text, mode=0o640, group=GROUP)
        node.write_file(CONFIGURATION, configuration, mode=0o640, group=GROUP)
        node.systemctl("daemon-reload")
        node.systemctl("try-restart", "polkit.service", check=False)
        if start:
            self.start(node)

    def start(self, node, seconds=30):
        """Enable and start the daemon and wait until it has told systemd that it is ready."""
        node.systemctl("enable", "--quiet", UNIT)
        node.systemctl("start", "--no-block", UNIT)
        wait_for(lambda: node.show(UNIT, ["ActiveState"])["ActiveState"] == "active", seconds,
                 f"{node.name}: {UNIT} active")

    def install_everywhere(self, configuration, secrets=None, start=True):
        """Install on all nodes. configuration: one text for all, or a function that gives a node's text."""
        for node in self.cluster.nodes:
            text = configuration(node) if callable(configuration) else configuration
            self.install(node, text, secrets, start)


def clone(target):
    """A fresh clone of what is committed. Root may well clone the checkout of the user who called it."""
    trusting = ["git", "-c", "safe.directory=*"]
    run([*trusting, "clone", "--quiet", "--no-hardlinks", "--upload-pack", f"{' '.join(trusting)} upload-pack",
         settings.REPOSITORY, target])


def export(target):
    """A copy of the sources as they are now, committed or not, without what was built from them."""
    target.mkdir()
    listed = run(["git", "-c", "safe.directory=*", "-C", settings.REPOSITORY, "ls-files", "-z", "--cached", "--others",
                  "--exclude-standard"]).stdout.split("\0")
    names = [name for name in listed if name and (settings.REPOSITORY / name).exists()]
    run(["sh", "-c", 'tar -C "$1" --null --files-from=- -cf - | tar -C "$2" -xf -', "sh", settings.REPOSITORY, target],
        input_text="\0".join(names))


def copy_tree(source, target):
    """Copy a tree over another one, through the links that merge /lib and /usr/lib."""
    run(["sh", "-c", 'tar -C "$1" -cf - . | tar -C "$2" -xf - --keep-directory-symlink --no-overwrite-dir'
         ' --no-same-owner', "sh", source, target])
