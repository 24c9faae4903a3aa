"""What can be done: one mutation for each act, each with an input and a payload of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from schema.absence import (
    ConfirmAbsenceInput,
    CorrectAbsenceInput,
    RegisterAbsenceInput,
    ReportAbsenceInput,
    WithdrawAbsenceInput,
)
from schema.block import LiftBlockInput, SetBlockInput
from schema.broadcast import SendUnitLetterInput
from schema.delegate import (
    ConsentToDelegateInput,
    EndDelegationInput,
    RegisterDelegateInput,
    RevokeDelegateInput,
    WithdrawConsentInput,
)
from schema.need_case import ApproveNeedCaseInput, CloseNeedCaseInput, ExtendNeedCaseInput, OpenNeedCaseInput
from schema.photo_consent import GivePhotoConsentInput, WithdrawPhotoConsentInput
from schema.record_writing import (
    HoldRecordInput,
    NameRecordReadersInput,
    OpenRecordBodyInput,
    ReleaseRecordInput,
    RemoveRecordReaderInput,
    WriteRecordInput,
    WriteRecordVersionInput,
)
from schema.scalars import acted
from schema.substitution import AppointSubstituteInput, EndSubstitutionInput
from schema.task import CompleteTaskInput, ConfirmGuardianInput
from schema.writing import (
    AddParticipantInput,
    MarkThreadReadInput,
    RetractMessageInput,
    SendMessageInput,
    StartThreadInput,
)

if TYPE_CHECKING:
    from schema.absence import (
        ConfirmAbsencePayload,
        CorrectAbsencePayload,
        RegisterAbsencePayload,
        ReportAbsencePayload,
        WithdrawAbsencePayload,
    )
    from schema.block import LiftBlockPayload, SetBlockPayload
    from schema.broadcast import SendUnitLetterPayload
    from schema.delegate import (
        ConsentToDelegatePayload,
        EndDelegationPayload,
        RegisterDelegatePayload,
        RevokeDelegatePayload,
        WithdrawConsentPayload,
    )
    from schema.need_case import (
        ApproveNeedCasePayload,
        CloseNeedCasePayload,
        ExtendNeedCasePayload,
        OpenNeedCasePayload,
    )
    from schema.photo_consent import GivePhotoConsentPayload, WithdrawPhotoConsentPayload
    from schema.record_writing import (
        HoldRecordPayload,
        NameRecordReadersPayload,
        OpenRecordBodyPayload,
        ReleaseRecordPayload,
        RemoveRecordReaderPayload,
        WriteRecordPayload,
        WriteRecordVersionPayload,
    )
    from schema.substitution import AppointSubstitutePayload, EndSubstitutionPayload
    from schema.task import CompleteTaskPayload, ConfirmGuardianPayload
    from schema.writing import (
        AddParticipantPayload,
        MarkThreadReadPayload,
        RetractMessagePayload,
        SendMessagePayload,
        StartThreadPayload,
    )


@strawberry.type(
    description="Everything that can be done. A refused act changes nothing, and `problems` say why. What the viewer "
    "may not see is answered with NOT_FOUND, as what never was."
)
class Mutation:
    start_thread: StartThreadPayload = acted("Starts a thread, or one for each recipient.", StartThreadInput)
    send_message: SendMessagePayload = acted("Writes in a thread.", SendMessageInput)
    mark_thread_read: MarkThreadReadPayload = acted(
        "Moves the viewer's own pointer in a thread forward.", MarkThreadReadInput
    )
    retract_message: RetractMessagePayload = acted(
        "Takes back a message that nobody of the other side has been given.", RetractMessageInput
    )
    add_participant: AddParticipantPayload = acted("Takes a colleague into a thread.", AddParticipantInput)
    register_delegate: RegisterDelegatePayload = acted(
        "Registers another adult for a child at a unit. It opens nothing before enough guardians consent; every "
        "guardian sees it.",
        RegisterDelegateInput,
    )
    revoke_delegate: RevokeDelegatePayload = acted("Ends a delegation for the unit.", RevokeDelegateInput)
    consent_to_delegate: ConsentToDelegatePayload = acted("Gives the viewer's own consent.", ConsentToDelegateInput)
    withdraw_consent: WithdrawConsentPayload = acted(
        "Withdraws the viewer's own consent, at any time; the delegation rests where too few are left.",
        WithdrawConsentInput,
    )
    end_delegation: EndDelegationPayload = acted("Ends a delegation for the family.", EndDelegationInput)
    set_block: SetBlockPayload = acted(
        "Keeps a person from a child: from the next request on they have no relation to it at all.", SetBlockInput
    )
    lift_block: LiftBlockPayload = acted(
        "Agrees to lift a block; with the second voice, one of them the administration's, it ends.", LiftBlockInput
    )
    confirm_guardian: ConfirmGuardianPayload = acted(
        "Lets a guardian or delegate of a protected child in.", ConfirmGuardianInput
    )
    complete_task: CompleteTaskPayload = acted("Says that a task has been looked at.", CompleteTaskInput)
    appoint_substitute: AppointSubstitutePayload = acted(
        "Lets somebody work at the unit for a period, with roles in groups; it ends by itself.",
        AppointSubstituteInput,
    )
    end_substitution: EndSubstitutionPayload = acted("Ends a substitution before its day.", EndSubstitutionInput)
    send_unit_letter: SendUnitLetterPayload = acted(
        "Sends a letter to the homes of a group or a unit: a thread with each guardian of each child, begun in the "
        "background.",
        SendUnitLetterInput,
    )
    report_absence: ReportAbsencePayload = acted("A guardian tells a unit that a child is absent.", ReportAbsenceInput)
    register_absence: RegisterAbsencePayload = acted("A unit registers that a child is absent.", RegisterAbsenceInput)
    confirm_absence: ConfirmAbsencePayload = acted("A unit takes note of what was reported.", ConfirmAbsenceInput)
    correct_absence: CorrectAbsencePayload = acted("Puts another absence in the place of one.", CorrectAbsenceInput)
    withdraw_absence: WithdrawAbsencePayload = acted("Takes an absence back.", WithdrawAbsenceInput)
    give_photo_consent: GivePhotoConsentPayload = acted(
        "Consents, for oneself, to a use of photographs of the child.", GivePhotoConsentInput
    )
    withdraw_photo_consent: WithdrawPhotoConsentPayload = acted(
        "Withdraws one's own consent to a use of photographs of the child.", WithdrawPhotoConsentInput
    )
    write_record: WriteRecordPayload = acted("Writes a record about a child.", WriteRecordInput)
    write_record_version: WriteRecordVersionPayload = acted(
        "Writes a text that takes the place of a record's latest.", WriteRecordVersionInput
    )
    name_record_readers: NameRecordReadersPayload = acted(
        "Names readers of a record; whoever is one stays one.", NameRecordReadersInput
    )
    remove_record_reader: RemoveRecordReaderPayload = acted(
        "Ends that somebody is named reader of a record.", RemoveRecordReaderInput
    )
    open_record_body: OpenRecordBodyPayload = acted(
        "Opens a letter, note or health information to the unit's leader for an hour; the author is shown who and why.",
        OpenRecordBodyInput,
    )
    hold_record: HoldRecordPayload = acted("Keeps a record that would be due to go.", HoldRecordInput)
    release_record: ReleaseRecordPayload = acted("Ends that a record is held.", ReleaseRecordInput)
    open_need_case: OpenNeedCasePayload = acted(
        "States a need of the administration to look at a child. Tells nothing of the child until the case is open.",
        OpenNeedCaseInput,
    )
    approve_need_case: ApproveNeedCasePayload = acted(
        "Agrees, as a second person, to a case that waits; its hours run from now.", ApproveNeedCaseInput
    )
    extend_need_case: ExtendNeedCasePayload = acted("Gives an open case more hours.", ExtendNeedCaseInput)
    close_need_case: CloseNeedCasePayload = acted("Closes a case before its hours are over.", CloseNeedCaseInput)
