"""Other adults whom a unit has registered on consent, as a client sees them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node
from schema.writing import KEY, PROBLEMS

if TYPE_CHECKING:
    from schema.child import Child
    from schema.person import Guardian, OtherAdult, StaffMember
    from schema.unit import Unit
    from schema.writing import Problem


@strawberry.type(
    description="Another adult (annen voksen) whom a unit has registered for a child. Every guardian of the child sees "
    "that it is so. It opens nothing before enough guardians consent, and rests whenever they no longer do."
)
class Delegate(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable; of this registration.")
    child: Child = strawberry.field(description="For whom.")
    unit: Unit = strawberry.field(description="At which unit, and at no other.")
    name: str = strawberry.field(
        description="As the unit told it with the national identity number. It is not looked up in any register."
    )
    adult: OtherAdult | None = strawberry.field(
        description="The adult as a person, to write to for one; null while the delegation is not active."
    )
    active: bool = strawberry.field(description="Whether the adult has access to the child at the unit now.")
    since: dt.date = strawberry.field(description="The first day.")
    until: dt.date | None = strawberry.field(description="The first day on which it holds no more.")
    registered_at: dt.datetime = strawberry.field(description="When it was registered.")
    registered_by: StaffMember | None = strawberry.field(
        description="By whom; null once the viewer no longer sees them among the staff."
    )
    consents: list[Consent] = strawberry.field(
        description="Consents of those who are guardian now, withdrawn ones too, oldest first."
    )


@strawberry.type(description="A guardian's consent (samtykke) to a delegate at a unit.")
class Consent:
    guardian: Guardian = strawberry.field(description="Who gave it.")
    since: dt.date = strawberry.field(description="The first day.")
    until: dt.date | None = strawberry.field(description="The first day on which it holds no more.")
    given_at: dt.datetime = strawberry.field(description="When it was given.")
    withdrawn_at: dt.datetime | None = strawberry.field(
        description="When it was withdrawn, or ended together with the delegation."
    )


@strawberry.input(description="An adult to be registered for a child, with a guardian's consent to follow or at hand.")
class RegisterDelegateInput:
    child_id: strawberry.ID = strawberry.field(description="For whom.")
    unit_id: strawberry.ID = strawberry.field(description="At which unit.")
    national_id: str = strawberry.field(
        description="The adult's national identity number. The answer is the same whoever it is, known here or not."
    )
    name: str = strawberry.field(
        description="What the adult is called, at most 200 characters: what the guardians see when they consent."
    )
    since: dt.date | None = strawberry.field(
        default=strawberry.UNSET, description="The first day; today when left out, and never earlier."
    )
    until: dt.date | None = strawberry.field(
        default=strawberry.UNSET, description="The first day on which it holds no more; open when left out."
    )
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="A delegate whom the unit no longer lets in.")
class RevokeDelegateInput:
    delegate_id: strawberry.ID = strawberry.field(
        description="Every registration of the same adult for the child at the unit ends with it."
    )


@strawberry.input(description="A consent to a delegate.")
class ConsentToDelegateInput:
    delegate_id: strawberry.ID = strawberry.field(description="To whom.")
    until: dt.date | None = strawberry.field(
        default=strawberry.UNSET, description="The first day on which it holds no more; open when left out."
    )


@strawberry.input(description="A consent to be withdrawn.")
class WithdrawConsentInput:
    delegate_id: strawberry.ID = strawberry.field(description="To whom the viewer consented.")


@strawberry.input(description="A delegation to be ended, whoever consented to it.")
class EndDelegationInput:
    delegate_id: strawberry.ID = strawberry.field(
        description="Every registration of the same adult for the child at the unit ends with it."
    )


@strawberry.type(description="What came of registerDelegate.")
class RegisterDelegatePayload:
    delegate: Delegate | None = strawberry.field(description="The registration; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of revokeDelegate.")
class RevokeDelegatePayload:
    child: Child | None = strawberry.field(description="The child; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of consentToDelegate.")
class ConsentToDelegatePayload:
    delegate: Delegate | None = strawberry.field(description="The delegate; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of withdrawConsent.")
class WithdrawConsentPayload:
    child: Child | None = strawberry.field(description="The child; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of endDelegation.")
class EndDelegationPayload:
    child: Child | None = strawberry.field(description="The child; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)
