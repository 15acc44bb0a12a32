"""A cluster with the product on every node, a mail server and webhooks: what a scenario plays on."""

import json
import time

from lab import settings
from lab.cluster import Cluster
from lab.install import UNIT, Product
from lab.mail_server import MailServer
from lab.process import LabError, wait_for
from lab.webhook_sink import WebhookSink

API_SECRET = "/etc/rmqwatchd/secrets/api"
SLACK_SECRET = "/etc/rmqwatchd/secrets/slack"
HOOK_SECRET = "/etc/rmqwatchd/secrets/hook"
MAIL_SECRET = "/etc/rmqwatchd/secrets/mail"
CA_FILE = "/etc/rmqwatchd/lab-ca.pem"

# Everything that is not said here is at its default. The budget is not: scenarios squeeze many months of faults into
# minutes, and each restart of the last ten counts; and each notice is a message by itself, at once.
OPTIONS = {"mode": "act", "max_restarts": 32, "max_cluster_restarts": 200,
           "alerts": {"group_delay": "0s", "flap_pause": "0s"}}

# Worlds that are a suite with something switched on: the suite, and the feature flag.
VARIANTS = {"trixie-khepri": ("trixie", "khepri_db")}

# Told of a node with four incidents within an hour: of the scenarios that were played before, so it says nothing of
# the one that is played. When it comes depends on how fast they were.
FLAPPING = ("flapping", "flapping-over")

# What an agent tells right before it acts, the strongest first.
ACTIONS = (("gave-up", "gave up"), ("restarting", "killed and started"), ("crashed", "started"))

CONFIGURATION = """\
management {{
    username = "{user}"
    password_file = "{api}"
}}
slack "ops" {{
    url_file = "{slack}"
    ca_file = "{ca}"
}}
webhook "log" {{
    url_file = "{hook}"
}}
mail "oncall" {{
    server = "{server}"
    from = "rmqwatchd@example.com"
    to = {{"oncall@example.com"}}
    username = "{mail_user}"
    password_file = "{mail}"
    ca_file = "{ca}"
    min_severity = info
}}
"""


class World:
    """Brings everything up, remembers where a scenario began, and reads what happened since."""

    def __init__(self, suite="bookworm", nodes=3, broker_conf="", data_size=None):
        base, self.flag = VARIANTS.get(suite, (suite, None))
        self.cluster = Cluster(suite=base, nodes=nodes, broker_conf=broker_conf, data_size=data_size)
        self.suite = suite
        self.sink = self.mail = self.product = None
        self.began = time.time()
        self._done = None
        self._cursors = {}
        self._seen_hooks = self._seen_mails = 0

    def __enter__(self):
        self.cluster.up()
        try:
            if self.flag:
                self.nodes[0].rabbitmqctl("enable_feature_flag", "--opt-in", self.flag, timeout=120)
            self.sink = WebhookSink(self.cluster).start()
            self.mail = MailServer(self.cluster).start()
            self.product = Product(self.cluster).build()
            self.product.install_everywhere(self.configuration(), self.secrets())
            self.wait_all_well(60)
        except BaseException:
            self.cluster.down()
            raise
        return self

    def __exit__(self, *_):
        self.cluster.down()

    @property
    def nodes(self):
        return self.cluster.nodes

    def configuration(self, **options):
        """A node's configuration, with these options in place of the usual ones; a dictionary is a section."""
        options = OPTIONS | options
        lines = "".join(f"{name} = {value}\n" for name, value in options.items() if not isinstance(value, dict))
        for name, section in options.items():
            if isinstance(section, dict):
                lines += f"{name} {{\n" + "".join(f"    {key} = {value}\n" for key, value in section.items()) + "}\n"
        return lines + CONFIGURATION.format(
            user=settings.WATCH_USER, api=API_SECRET, slack=SLACK_SECRET, hook=HOOK_SECRET, ca=CA_FILE,
            server=self.mail.url, mail_user=self.mail.user, mail=MAIL_SECRET)

    def secrets(self):
        """Path -> text of the files that the configuration names."""
        return {
            API_SECRET: settings.WATCH_PASSWORD,
            SLACK_SECRET: f"{self.sink.https}/slack/services/T000/B000/lab",
            HOOK_SECRET: f"{self.sink.http}/hook",
            MAIL_SECRET: self.mail.password,
            CA_FILE: self.sink.certificate.read_text() + self.mail.certificate.read_text(),
        }

    def configure_all(self, **options):
        """As configure, everywhere."""
        for node in self.nodes:
            self.configure(node, **options)

    def configure(self, node, **options):
        """Give a node another configuration, and wait until the daemon uses it: a reload only asks for that."""
        cursor = node.journal_cursor()
        node.write_file("/etc/rmqwatchd/rmqwatchd.conf", self.configuration(**options), mode=0o640,
                        group="rmqwatchd")
        node.systemctl("reload", UNIT)
        node.wait_for_journal(lambda entry: "read again and in use" in str(entry.get("MESSAGE")), 20, cursor, UNIT)

    # --- what happened ------------------------------------------------------------------------------------------

    def mark(self):
        """From here on the scenario counts."""
        self.began = time.time()
        self._done = None
        self._cursors = {node.name: node.journal_cursor() for node in self.nodes}
        self._seen_hooks = len(self.sink.received())
        self._seen_mails = len(self.mail.received())

    def journal(self, node, event=None):
        """The product's journal entries of a node since the mark; event: only what was told with this name."""
        entries = node.journal(self._cursors.get(node.name), UNIT)
        return [entry for entry in entries if event is None or entry.get("RMQ_EVENT") == event]

    def events(self, node):
        """What the product told (not merely decided) on a node since the mark, in order, but for flapping."""
        return [entry["RMQ_EVENT"] for entry in self.journal(node)
                if entry.get("RMQ_EVENT", "decision") not in ("decision", "delivery", *FLAPPING)]

    def done(self):
        """What the product has done since the mark, or had done when conclude() was called.

        "gave up", "killed and started", "restarted" (asked to stop, and started), "started", "held", "told",
        "nothing": the strongest of what the agents did.
        """
        return self._done or self._look_back()

    def conclude(self, *nodes):
        """What happens from here on is the scenario's tidying up. nodes: only what was done about these counts."""
        self._done = self._look_back(nodes)

    def _look_back(self, nodes=()):
        entries = [entry for node in nodes or self.nodes for entry in self.journal(node)]
        events = {entry.get("RMQ_EVENT") for entry in entries}
        if any("restart it" in entry.get("RMQ_REASON", "") for entry in entries
               if entry.get("RMQ_EVENT") == "restarting"):
            return "restarted"
        for event, word in ACTIONS:
            if event in events:
                return word
        if "held" in events:
            return "held"
        brokers = {node.broker for node in nodes or self.nodes}
        return "told" if any(hook["node"] in brokers for hook in self.hooks()) else "nothing"

    def ctl(self, node, *words, check=True):
        """Run the operator's tool inside the node."""
        return node.run(["rmqwatchctl", *words], check=check)

    def wait_event(self, node, event, seconds):
        """The journal entry of an event since the mark."""
        return wait_for(lambda: next(iter(self.journal(node, event)), None), seconds,
                        f"{node.name}: event {event}")

    def follow_event(self, node, event, seconds):
        """As wait_event, for what is timed: asking several times a second would slow a broker's boot by a tenth."""
        return node.follow_journal(seconds, self._cursors[node.name], UNIT, [f"RMQ_EVENT={event}"])

    def _requests(self, path):
        return [request for request in self.sink.received()[self._seen_hooks:]
                if request["path"].startswith(path) and request["status"] in (200, 204)]

    def hooks(self, event=None, node=None):
        """Accepted generic webhooks since the mark, as parsed JSON; without an event: but for flapping."""
        bodies = [json.loads(request["body"]) for request in self._requests("/hook")]
        return [body for body in bodies
                if (body["event"] == event if event else body["event"] not in FLAPPING) and
                (node is None or body["node"] == node.broker)]

    def hooks_of_all_time(self):
        """Accepted generic webhooks since the world's beginning, as parsed JSON."""
        return [json.loads(request["body"]) for request in self.sink.received()
                if request["path"].startswith("/hook") and request["status"] in (200, 204)]

    def slack(self):
        """Accepted Slack messages since the mark, as parsed JSON, but for flapping."""
        messages = [json.loads(request["body"]) for request in self._requests("/slack")]
        return [message for message in messages if "flapping" not in message["text"]]

    def mails(self):
        """Mails received since the mark, but for flapping."""
        return [mail for mail in self.mail.messages()[self._seen_mails:] if "flapping" not in str(mail["subject"])]

    def wait_hook(self, event, node, seconds):
        """The webhook of an event about a node since the mark."""
        return wait_for(lambda: next(iter(self.hooks(event, node)), None), seconds,
                        f"webhook {event} about {node.name}")

    def wait_told(self, event, node, seconds=10):
        """The event arrived in all three channels."""
        hook = self.wait_hook(event, node, seconds)
        wait_for(lambda: any(hook["title"] in json.dumps(message, ensure_ascii=False) for message in self.slack()),
                 seconds, f"Slack message: {hook['title']}")
        wait_for(lambda: any(hook["incident"] in mail.as_string() and hook["title"] in str(mail["subject"])
                             for mail in self.mails()), seconds, f"mail: {hook['title']}")
        return hook

    # --- states -------------------------------------------------------------------------------------------------

    def unit(self, node, *properties):
        """Properties of the broker's unit."""
        return node.show(settings.BROKER_UNIT, properties)

    def invocation(self, node):
        """The unit's invocation: another one means that it was started again."""
        return self.unit(node, "InvocationID")["InvocationID"]

    def moment(self, node, name):
        """A timestamp of the broker's unit, by the beginning of its name, in seconds of the monotonic clock."""
        name += "TimestampMonotonic"
        return int(self.unit(node, name)[name]) / 1e6

    def status(self, node):
        """The daemon's own one-line status."""
        return node.show(UNIT, ["StatusText"])["StatusText"]

    def is_well(self, node):
        """Whether the daemon says: healthy, nothing going on, everybody serves."""
        count = len(self.nodes)
        status = self.status(node)
        return "this node: healthy; watching;" in status and f"{count} of {count} members serve" in status

    def wait_well(self, node, seconds):
        wait_for(lambda: self.is_well(node), seconds, f"{node.name}: status healthy")

    def wait_all_well(self, seconds):
        """Every daemon says that all is well."""
        deadline = time.monotonic() + seconds
        for node in self.nodes:
            try:
                self.wait_well(node, max(0, deadline - time.monotonic()))
            except LabError as error:
                raise LabError(f"{error}; its status: {self.status(node)}") from None

    def wait_all_delivered(self, seconds):
        """Nothing that was told is on its way any more: Slack takes one message a second, and a mail takes its time."""
        for node in self.nodes:
            wait_for(lambda node=node: self.has_delivered(node), seconds, f"{node.name}: nothing waits in its outbox")

    def has_delivered(self, node):
        """Whether the daemon says that it has nothing left to deliver."""
        answer = self.ctl(node, "status", "--json", check=False)
        return answer.returncode in (0, 4) and json.loads(answer.stdout)["alerts"]["waiting"] == 0

    def wait_running_everywhere(self, seconds):
        """Every broker lists all brokers as running."""
        everyone = {node.broker for node in self.nodes}
        for node in self.nodes:
            wait_for(lambda node=node: node.running_brokers() == everyone, seconds, f"{node.name}: sees everyone run")

    def stays(self, condition, seconds, what):
        """The condition holds all the time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not condition():
                raise AssertionError(f"{what}: not for {seconds} s")
            time.sleep(0.5)
