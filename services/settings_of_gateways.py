"""The settings of what leaves by another way than SMPP: Kannel, a provider over HTTP, e-mail, webhooks, spoken notices.

An exercise reads none of them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

TextsBy = Literal["smpp", "kannel", "http"]
SecondTextsBy = Literal["none", "smpp", "kannel", "http"]
OPTION_NAME, OPTION_VALUE = r"\A[a-z][a-z0-9-]{1,40}\z", r"\A[A-Za-z0-9._:/+-]{1,120}\z"


class GatewaySettings(BaseSettings):
    """What a person may choose about the ways out."""

    texts_gateway: TextsBy = Field(
        default="smpp",
        description=(
            "By which way texts leave: `smpp` (in process, to the operator of the settings `LAMPLIGHTER_SMPP_...`), `kannel` (the "
            "same operator, through Kannel), `http` (a provider with a REST interface)."
        ),
    )
    texts_second_gateway: SecondTextsBy = Field(
        default="none", description="By which way texts leave while the first one is away; `none`: they wait for it."
    )
    texts_per_s: float = Field(
        default=500.0,
        gt=0,
        le=10_000,
        description="Texts per second that the operator's contract allows.",
    )
    texts_callback_port: int = Field(
        default=8642,
        ge=1,
        le=65535,
        description=(
            "Port, on loopback, on which Kannel, an HTTP provider and a voice provider tell what became of a notice, and bring "
            "what people write. Put a proxy with TLS before it for a provider on the internet."
        ),
    )

    kannel_url: str | None = Field(
        default=None,
        description=(
            "Address of `sendsms` of a Kannel that you run yourself, `http://HOST:PORT/cgi-bin/sendsms`. Left out, Lamplighter "
            "runs the boxes of the installed package, with a configuration of its own."
        ),
    )
    kannel_status_url: str | None = Field(
        default=None,
        description="Address of `status.xml` of a Kannel that you run yourself; without it its operator is taken to be reached.",
    )
    kannel_status_password: SecretStr = Field(
        default=SecretStr(""), description="The `status-password` of a Kannel that you run yourself."
    )
    kannel_user: str = Field(default="lamplighter", description="The `username` of its `sendsms-user`.")
    kannel_password: SecretStr = Field(
        default=SecretStr(""),
        description="Password of that user; what Kannel tells us carries a mark made from it. Our own boxes draw one.",
    )
    kannel_smsc: str = Field(
        default="operator",
        pattern=r"\A[A-Za-z0-9_-]{1,40}\z",
        description="The `smsc-id` through which texts go.",
    )
    kannel_port: int = Field(
        default=13000,
        ge=1,
        le=65533,
        description=(
            "Wished first of three ports in a row, on loopback, of our own boxes: administration, between the boxes, `sendsms`."
        ),
    )
    kannel_operator_options: dict[str, str] = Field(
        default={},
        description=(
            "Further lines for the group `smsc` of our own boxes, as the operator asks for them: "
            '`{"use-ssl": "true", "source-addr-ton": "5"}`. They go before ours.'
        ),
    )

    http_texts_url: str | None = Field(
        default=None,
        description="Address to which a text is posted at the HTTP provider, as `https://HOST/2010-04-01/Accounts/ID/Messages.json`.",
    )
    http_texts_account: str = Field(default="", description="Our account at the HTTP provider.")
    http_texts_token: SecretStr = Field(
        default=SecretStr(""),
        description="Our token at the HTTP provider; it also signs what the provider tells us.",
    )
    http_texts_sender: str = Field(
        default="", max_length=20, description="The number of ours from which texts go there."
    )
    http_texts_callback_url: str | None = Field(
        default=None,
        description=(
            "Address under which the HTTP provider reaches `texts_callback_port`, `https://HOST`, as it signs it. Without it there "
            "are neither receipts nor texts from customers."
        ),
    )

    email_host: str | None = Field(
        default=None, description="Host of the mail server that takes our letters. None: nobody is written to."
    )
    email_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    email_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the way to the mail server is kept private; `none` only on this machine, or without a password.",
    )
    email_user: str = Field(default="", description="Our user at the mail server; empty: it lets us in without.")
    email_password: SecretStr = Field(default=SecretStr(""), description="Our password at the mail server.")
    email_sender: str = Field(
        default="", max_length=254, description="The address from which letters come, as `notices@example.org`."
    )
    email_sender_shown: str = Field(default="", max_length=120, description="The name shown beside that address.")
    email_per_s: float = Field(
        default=10.0, gt=0, le=1_000, description="Letters per second that the mail server is given at most."
    )
    email_unsubscribe: str = Field(
        default="",
        max_length=254,
        description="The address to which people write who want no more letters; empty: the one from which they come.",
    )

    webhook_secret: SecretStr | None = Field(
        default=None, description="Signs what is posted to webhooks. None: none is posted."
    )
    webhook_plain_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts beside this machine to which webhooks may go without TLS. All others need `https`.",
    )

    voice_notice_url: str | None = Field(
        default=None,
        description="HTTP address of the service that speaks notices to customers' phones. None: none is spoken.",
    )
    voice_notice_secret: SecretStr = Field(
        default=SecretStr(""), description="Shared with that service: signs what we post to it, and what it tells us."
    )
    voice_notice_callback_url: str | None = Field(
        default=None,
        description="Address under which that service reaches `texts_callback_port`. None: it tells nothing of how a notice ended.",
    )

    def beside_texts(self) -> dict[str, bool]:
        """Return of each kind of notice beside texts whether a gateway is configured for it."""
        return {
            "email": self.email_host is not None,
            "webhook": self.webhook_secret is not None,
            "voiceNotice": self.voice_notice_url is not None,
        }
