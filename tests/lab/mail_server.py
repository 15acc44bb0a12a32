"""A real SMTP server in the hub's network: STARTTLS and login required, every accepted message kept.

MailServer is the tests' side. Run as a program this module is the server: it speaks SMTP by way of aiosmtpd,
with a certificate that was made for this run. A scripted reply is {"line": "451 4.3.0 later"} and applies to
the SMTP step that `match` names: MAIL, RCPT or DATA.
"""

import argparse
import email
import email.policy
import ssl
import threading
import time

from . import settings
from .hub_server import HubServer, Storage, announce_ready, server_arguments

MAIL_PORT = 587


class MailServer(HubServer):
    """Start, stop and read a mail server. received(): time, sender, recipients, text of each message."""

    module = "mail_server"

    def __init__(self, cluster, user="alerts", password="mail-lab-password", name="mail"):
        super().__init__(cluster, name)
        self.user = user
        self.password = password
        self.url = f"smtp://{settings.HUB}:{MAIL_PORT}"

    def options(self):
        return ["--user", self.user, "--password", self.password]

    def messages(self):
        """Everything received, as email.message.EmailMessage objects, oldest first."""
        return [email.message_from_string(mail["text"], policy=email.policy.default) for mail in self.received()]


class Mailbox:
    """aiosmtpd's handler: stores what is accepted, and answers as scripted."""

    def __init__(self, folder):
        self.storage = Storage(folder)

    def _refusal(self, step):
        reply = self.storage.scripted(step)
        return reply["line"] if reply else None

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # pylint: disable=invalid-name
        """MAIL FROM"""
        refusal = self._refusal("MAIL")
        if refusal is None:
            envelope.mail_from = address
        return refusal or "250 2.1.0 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # pylint: disable=invalid-name
        """RCPT TO"""
        refusal = self._refusal("RCPT")
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 OK"

    async def handle_DATA(self, _server, session, envelope):  # pylint: disable=invalid-name
        """The message itself"""
        refusal = self._refusal("DATA")
        if refusal is None:
            self.storage.keep({"time": time.time(), "peer": session.peer[0], "sender": envelope.mail_from,
                               "recipients": envelope.rcpt_tos,
                               "text": envelope.original_content.decode("utf-8", "surrogateescape")})
        return refusal or "250 2.0.0 accepted"


def serve():
    """Be the server until a signal ends it."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    arguments = server_arguments(parser)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(arguments.certificate, arguments.key)

    def authenticate(_server, _session, _envelope, _mechanism, data):
        known = (data.login, data.password) == (arguments.user.encode(), arguments.password.encode())
        return AuthResult(success=known, handled=known)

    Controller(Mailbox(arguments.folder), hostname=settings.HUB_ADDRESS, port=MAIL_PORT, tls_context=tls,
               require_starttls=True, auth_required=True, authenticator=authenticate).start()
    announce_ready()
    threading.Event().wait()


if __name__ == "__main__":
    serve()
