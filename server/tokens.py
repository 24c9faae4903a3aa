"""Who asks: a bearer token is verified and becomes a viewer, and nothing else ever does.

Each issuer has a policy of its own: which claims it must hold and what they say about how the person signed in. A
token that is not good is refused in one way, whatever was wrong with it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hmac
import json
import os
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.exceptions import PyJWKClientConnectionError

from authz.viewer import Viewer
from server.settings import Issuer
from vault import Vault

Login = Literal["private", "employee", "both"]
LOGINS: tuple[Login, ...] = ("private", "employee", "both")

DEVELOPMENT_ISSUER = "innsyn-dev"
DEVELOPMENT_AUDIENCE = "innsyn"
ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""What an issuer may sign with; `none` and the HS family are not here, and nothing adds them."""
SKEW = 5.0
"""Seconds by which an issuer's clock may be ahead."""
KEPT = 10_000
"""Verified tokens that are remembered."""
KEPT_SECONDS = 300.0
"""For how long, so that a key an issuer has withdrawn does not live on."""
FETCH_SECONDS = 5.0
LONGEST_LIFE = dt.timedelta(days=30)


class TokenRefused(Exception):
    """The token does not say who asks; why is nobody's business."""


class IssuerUnreachable(Exception):
    """The issuer's keys cannot be had now, so that a token can neither be taken nor refused."""


class Tokens:
    """Verifies tokens and remembers those that were good, by their SHA-256, for a short while."""

    def __init__(
        self, vault: Vault, issuers: Sequence[Issuer], development_key: ec.EllipticCurvePublicKey | None
    ) -> None:
        self._vault = vault
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._keys = {
            issuer.issuer: jwt.PyJWKClient(issuer.jwks, lifespan=24 * 3600, timeout=FETCH_SECONDS) for issuer in issuers
        }
        self._development_key = development_key
        self._kept: OrderedDict[bytes, tuple[Viewer, float, float]] = OrderedDict()

    async def viewer(self, token: bytes) -> Viewer:
        """The viewer that a token names. Raises TokenRefused and IssuerUnreachable."""
        digest = sha256(token).digest()
        kept = self._kept.get(digest)
        if kept is not None:
            viewer, expires, stale = kept
            now = time.time()
            if now >= expires:
                del self._kept[digest]
                raise TokenRefused
            if now < stale:
                return viewer
        viewer, expires = await self._verify(token)
        self._kept[digest] = (viewer, expires, time.time() + KEPT_SECONDS)
        self._kept.move_to_end(digest)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return viewer

    async def session(self, token: bytes) -> tuple[Viewer, float]:
        """The viewer that a token names, and when it expires, in seconds of the epoch: for what stays open. Raises as
        `viewer` does."""
        viewer = await self.viewer(token)
        kept = self._kept.get(sha256(token).digest())
        return (viewer, kept[1]) if kept is not None else await self._verify(token)

    async def _verify(self, token: bytes) -> tuple[Viewer, float]:
        try:
            text = token.decode("ascii")
            issuer = claimed_issuer(text)
            if issuer == DEVELOPMENT_ISSUER and self._development_key is not None:
                claims = decoded(text, self._development_key, ("ES256",), DEVELOPMENT_ISSUER, [DEVELOPMENT_AUDIENCE])
                viewer = self._development_viewer(claims)
            elif (policy := self._issuers.get(issuer)) is not None:
                # Only a key that is not known yet is fetched, but that may take seconds.
                key = await asyncio.to_thread(self._keys[issuer].get_signing_key_from_jwt, text)
                claims = decoded(text, key, ASYMMETRIC, issuer, list(policy.audiences))
                viewer = self._viewer_by_policy(policy, claims)
            else:
                raise TokenRefused
            expires = float(claims["exp"])
        except PyJWKClientConnectionError:
            raise IssuerUnreachable from None
        except (jwt.PyJWTError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
            raise TokenRefused from None
        if time.time() >= expires:
            raise TokenRefused
        return viewer, expires

    def _development_viewer(self, claims: Mapping[str, Any]) -> Viewer:
        login = claims["login"]
        if login not in LOGINS:
            raise TokenRefused
        return Viewer(
            municipality=organisation_number(claims["municipality"]),
            number_hash=self._number_hash(claims["pid"]),
            subject=None,
            private=login in {"private", "both"},
            employee=login in {"employee", "both"},
        )

    def _viewer_by_policy(self, policy: Issuer, claims: Mapping[str, Any]) -> Viewer:
        if policy.acr and claims["acr"] not in policy.acr:
            raise TokenRefused
        audience = claims["aud"]
        if not isinstance(audience, str):
            # With several audiences nobody could say which municipality is meant.
            (audience,) = (one for one in audience if one in policy.audiences)
        municipality = policy.audiences[audience]
        if policy.kind == "idporten":
            return Viewer(municipality, self._number_hash(claims["pid"]), None, private=True, employee=False)
        if policy.kind == "feide":
            return Viewer(municipality, None, (policy.kind, name(claims["sub"])), private=False, employee=True)
        if policy.scope not in str(claims["scope"]).split():
            raise TokenRefused
        consumer = name(claims["consumer"]["ID"])
        return Viewer(municipality, None, (policy.kind, consumer), private=False, employee=False)

    def _number_hash(self, number: Any) -> bytes:
        if not isinstance(number, str) or len(number) != 11 or not number.isascii() or not number.isdigit():
            raise TokenRefused
        return self._vault.keyed_hash(number, "national_id")


def name(told: Any) -> str:
    if not isinstance(told, str) or not told:
        raise TokenRefused
    return told


def organisation_number(told: Any) -> str:
    if not isinstance(told, str) or not told.isascii() or not told.isalnum():
        raise TokenRefused
    return told


def claimed_issuer(token: str) -> str:
    """What the token says of its issuer, before anything is verified: it only chooses the keys and the policy."""
    payload = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return name(claims["iss"])


def decoded(
    token: str,
    key: ec.EllipticCurvePublicKey | jwt.PyJWK,
    algorithms: Sequence[str],
    issuer: str,
    audiences: list[str],
) -> dict[str, Any]:
    required = ["exp", "iat", "iss", "aud", "sub"] if issuer == DEVELOPMENT_ISSUER else ["exp", "iat", "iss", "aud"]
    return jwt.decode(
        token,
        key,
        algorithms=list(algorithms),
        issuer=issuer,
        audience=audiences,
        leeway=SKEW,  # exp is looked at again, to the second
        options={"require": required},
    )


# --- the development issuer --------------------------------------------------------------------------------------


def development_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The development issuer's key in the data folder, made on first need."""
    file = folder / "dev-issuer.pem"
    if not file.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        draft = file.with_name(f".dev-issuer.{os.getpid()}.pem")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(pem)
        try:
            os.link(draft, file)  # unlike a rename, this leaves a key that another command made first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} does not hold an elliptic curve key")
    return key


def issue_development_token(
    folder: Path, national_id: str, municipality: str, login: Login = "both", ttl: dt.timedelta = dt.timedelta(hours=8)
) -> str:
    """A token of the development issuer, for a number that the caller has validated. Raises ValueError."""
    if not dt.timedelta(seconds=1) <= ttl <= LONGEST_LIFE:
        raise ValueError("a token lives between a second and 30 days")
    if login not in LOGINS:
        raise ValueError(f"a login is one of {', '.join(LOGINS)}")
    key = development_key(folder)
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    now = int(time.time())
    claims = {
        "iss": DEVELOPMENT_ISSUER,
        "aud": DEVELOPMENT_AUDIENCE,
        "sub": hmac.digest(secret, f"{municipality}\0{national_id}".encode(), "sha256").hex()[:32],
        "pid": national_id,
        "municipality": municipality,
        "login": login,
        "iat": now,
        "exp": now + int(ttl.total_seconds()),
    }
    return jwt.encode(claims, key, algorithm="ES256")
