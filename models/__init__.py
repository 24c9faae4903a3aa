"""The rows: SQLAlchemy tables without behaviour and without access rules, one page per concept."""

from models.absence import Absence
from models.access_log import AccessLog, AccessLogCheckpoint, AccessLogDocument
from models.act import CarriedOut
from models.attachment import Attachment
from models.base import Base, new_key
from models.block import Block, BlockLift
from models.broadcast import Broadcast, BroadcastRecipient
from models.child import Enrolment
from models.confirmation import Confirmation
from models.data_key import DataKey, MunicipalityKey
from models.delegate import Consent, Delegate
from models.guardian import FamilyRelation, ParentalResponsibility
from models.message import Message
from models.municipality import LocalFact, Municipality, Setting
from models.need_case import NeedCase
from models.person import Person, PersonIdentifier, Protection, Residence, SignInSubject
from models.photo_consent import PhotoConsent
from models.record import Record, RecordHold, RecordOpening, RecordReader, RecordVersion
from models.staff import Administrator, Position
from models.standing import ChildProtection, Delegation, Guardianship, Kinship
from models.substitution import Substitution
from models.task import Task
from models.thread import GuardianSide, Participant, ReadPointer, Thread
from models.unit import Group, GroupMembership, Unit

__all__ = [
    "Absence",
    "AccessLog",
    "AccessLogCheckpoint",
    "AccessLogDocument",
    "Administrator",
    "Attachment",
    "Base",
    "Block",
    "BlockLift",
    "Broadcast",
    "BroadcastRecipient",
    "CarriedOut",
    "ChildProtection",
    "Confirmation",
    "Consent",
    "DataKey",
    "Delegate",
    "Delegation",
    "Enrolment",
    "FamilyRelation",
    "Group",
    "GroupMembership",
    "GuardianSide",
    "Guardianship",
    "Kinship",
    "LocalFact",
    "Message",
    "Municipality",
    "MunicipalityKey",
    "NeedCase",
    "ParentalResponsibility",
    "Participant",
    "Person",
    "PersonIdentifier",
    "PhotoConsent",
    "Position",
    "Protection",
    "ReadPointer",
    "Record",
    "RecordHold",
    "RecordOpening",
    "RecordReader",
    "RecordVersion",
    "Residence",
    "Setting",
    "SignInSubject",
    "Substitution",
    "Task",
    "Thread",
    "Unit",
    "new_key",
]
