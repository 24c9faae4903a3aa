"""Consents to photographs, as a client sees them."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from schema.node import Person
from schema.writing import PROBLEMS

if TYPE_CHECKING:
    from schema.child import Child
    from schema.unit import Unit
    from schema.writing import Problem


@strawberry.enum(description="What photographs of a child are used for. Each is consented to by itself.")
class PhotoPurpose(Enum):
    INTERNAL = strawberry.enum_value("INTERNAL", description="Inside the unit: on its walls, in its lessons.")
    CLASS_PHOTO = strawberry.enum_value("CLASS_PHOTO", description="The yearly pictures of group and child.")
    CLOSED_PAGE = strawberry.enum_value(
        "CLOSED_PAGE", description="Pages that only the families and staff of the group or unit get to see."
    )
    OPEN_PAGE = strawberry.enum_value("OPEN_PAGE", description="The unit's pages and printed matter for everybody.")
    SOCIAL_MEDIA = strawberry.enum_value("SOCIAL_MEDIA", description="The unit's accounts on social media.")
    PRESS = strawberry.enum_value("PRESS", description="Newspapers and broadcasters that visit.")


@strawberry.enum(description="Why a use of photographs is allowed, or is not.")
class PhotoUseReason(Enum):
    CONSENTED = strawberry.enum_value(
        "CONSENTED", description="Every guardian of now has consented, and the pupil from 15."
    )
    OWN_CONSENT_MISSING = strawberry.enum_value(
        "OWN_CONSENT_MISSING", description="The viewer has not consented, or has withdrawn; others may have, or not."
    )
    CONSENT_MISSING = strawberry.enum_value(
        "CONSENT_MISSING", description="A consent is missing; whose, is not told here."
    )


@strawberry.type(description="Whether photographs of a child may be used for a purpose, at this moment.")
class PhotoUse:
    allowed: bool = strawberry.field(description="Nothing but true allows a use.")
    reason: PhotoUseReason = strawberry.field(description="Why, as far as the viewer may know.")


@strawberry.type(
    description="A consent (samtykke) to one use of photographs at one unit. It stands until it is withdrawn; a "
    "consent given anew is another one."
)
class PhotoConsent:
    unit: Unit = strawberry.field(description="Where.")
    purpose: PhotoPurpose = strawberry.field(description="For what.")
    given_by: Person = strawberry.field(description="The guardian, or the child.")
    given_at: dt.datetime = strawberry.field(description="When it was given.")
    withdrawn_at: dt.datetime | None = strawberry.field(description="When it was withdrawn; null while it stands.")


@strawberry.input(description="A consent for oneself, as guardian or as pupil.")
class GivePhotoConsentInput:
    child_id: strawberry.ID = strawberry.field(description="Of whom the photographs are.")
    unit_id: strawberry.ID = strawberry.field(description="Who may use them.")
    purpose: PhotoPurpose = strawberry.field(description="For what.")


@strawberry.input(description="A consent of one's own that shall hold no more.")
class WithdrawPhotoConsentInput:
    child_id: strawberry.ID = strawberry.field(description="Of whom the photographs are.")
    unit_id: strawberry.ID = strawberry.field(description="Who may use them no more.")
    purpose: PhotoPurpose = strawberry.field(description="For what.")


@strawberry.type(description="What came of it.")
class GivePhotoConsentPayload:
    child: Child | None = strawberry.field(description="The child, with what is allowed now.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of it.")
class WithdrawPhotoConsentPayload:
    child: Child | None = strawberry.field(description="The child, with what is allowed now.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)
