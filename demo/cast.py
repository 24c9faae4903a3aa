"""The people whom one meets in the table of personas, written by hand: one for each relation and each edge case.

All of them live around one school, its SFO, one kindergarten and one lower secondary school, the first of each.
"""

# ruff: noqa: PLR0913 - a family, a fact or a conversation is told in one call
from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

from demo import queries
from demo.facts import Group, Membership, Person, Persona, Responsibility, Unit
from demo.maker import Maker, instant

Login = Literal["private", "employee", "both"]
Line = tuple[Person, str]


class Cast:
    """Adds the cast to a municipality whose units, groups and staff are there."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.school: Unit = maker.primary[0]
        self.sfo: Unit = maker.sfo[0]
        self.lower: Unit = maker.lower[0]
        self.kindergarten: Unit = maker.kindergartens[0]
        self.class_4a = self.class_now(self.school, 4, "A")
        self.teacher = self.class_4a.contact_teacher
        self.children = 0
        self.add_staff()
        self.add_family_of_two_units()
        self.add_split_home()
        self.add_no_responsibility()
        self.add_blocked()
        self.add_protected()
        self.add_strictly_protected()
        self.add_institution_address()
        self.add_unclear_responsibility()
        self.add_ended_and_coming_responsibility()
        self.add_other_adults()
        self.add_teacher_with_child_in_class()
        self.add_pupils_themselves()
        self.add_unusual_numbers()
        self.show_staff()
        self.add_outsiders()

    # -- how the cast is written -------------------------------------------------------------------------------------

    def class_now(self, school: Unit, grade: int, letter: str) -> Group:
        groups = self.maker.classes[school.source_id, self.maker.year, grade]
        return next(group for group in groups if group.title == f"{grade}{letter}")

    def persona(self, slug: str, title: str, about: str, number: str, login: Login, query: str) -> None:
        self.maker.m.personas.append(Persona(slug, title, about, number, login, query))

    def parent(self, given: str, family: str, age: int, *, d_number: bool = False) -> Person:
        born = self.maker.day_in(self.maker.today.year - age)
        return self.maker.person(born, given=given, family=family, d_number=d_number)

    def child(
        self,
        given: str,
        family: str,
        grade: int,
        *,
        letter: int = 0,
        sfo: bool = False,
        born: dt.date | None = None,
        kindergarten_years: int | None = None,
    ) -> Person:
        """A child in a class of the cast's schools; below grade 1 in the kindergarten."""
        maker = self.maker
        age = grade + 5 if kindergarten_years is None else kindergarten_years
        made = maker.person(born or maker.day_in(maker.year - age), given=given, family=family)
        made.middle = None
        self.children += 1
        if kindergarten_years is not None:
            maker.go_to_kindergarten(made, 0, at=self.kindergarten, department=0)
        else:
            maker.go_to_school(made, 0, grade, letter=letter, sfo=sfo)
        return made

    def two_parents(self, child: Person, mother: Person, father: Person, *, shared: bool = True) -> None:
        maker = self.maker
        maker.related(child, mother, "mor")
        maker.related(child, father, "far")
        if shared:
            maker.responsible(child, mother, "felles")
            maker.responsible(child, father, "felles")

    def home(self, *people: Person) -> None:
        self.maker.live_at(self.maker.new_address(), *people)

    def talk(
        self,
        unit: Unit,
        child: Person,
        subject: str,
        guardians: Sequence[Person],
        staff: Sequence[Person],
        lines: Sequence[Line],
        days_ago: int,
        *,
        joint: bool = False,
        on_behalf: bool = False,
        unread_by: Sequence[Person] = (),
        retracted: int | None = None,
    ) -> None:
        """A conversation as lines of the local facts; each line a few hours after the one before."""
        maker = self.maker
        at = instant(maker.ago(days_ago), 8, 10 + days_ago % 45)
        thread = maker.fact(
            "thread",
            at,
            lines[0][0].nid,
            child=child.nid,
            unit=unit.source_id,
            subject=subject,
            guardianSide=[person.nid for person in guardians],
            staffSide=[person.nid for person in staff],
            **({"joint": True} if joint else {}),
        )
        last = ""
        for index, (author, body) in enumerate(lines):
            at += dt.timedelta(minutes=7 if index == 0 else 95 + 13 * index)
            last = maker.fact(
                "message",
                at,
                author.nid,
                thread=thread,
                author=author.nid,
                body=body,
                **({"onBehalfOfUnit": True} if on_behalf and author not in guardians else {}),
                **({"retracted": True} if retracted == index else {}),
            )
        for reader in (*guardians, *staff):
            if reader not in unread_by:
                maker.fact(
                    "read", at + dt.timedelta(minutes=20), reader.nid, thread=thread, person=reader.nid, upTo=last
                )

    # -- who works there ---------------------------------------------------------------------------------------------

    def add_staff(self) -> None:
        maker, school = self.maker, self.school
        for membership in maker.m.memberships:
            if membership.person is self.teacher and not membership.primary:
                membership.person = maker.colleague(school, self.teacher)
        self.subject_teacher = maker.employ(school, "teacher", since=maker.first_day(maker.year - 2))
        maker.teaches(self.class_4a, self.subject_teacher)
        self.assistant = maker.employ(school, "aide", since=maker.first_day(maker.year - 1))
        maker.teaches(self.class_4a, self.assistant, role="aide")
        self.former_teacher = maker.employ(school, "teacher", since=maker.first_day(maker.year - 5))
        class_3a = next(g for g in maker.classes[school.source_id, maker.year - 1, 3] if g.title == "3A")
        maker.teaches(class_3a, self.former_teacher, primary=True)
        self.quitter = maker.employ(school, "teacher", since=maker.first_day(maker.year - 3), until=maker.ago(7))
        maker.m.memberships.append(Membership(self.class_4a, self.quitter, "teacher", until=maker.ago(7)))
        self.sfo_member = maker.employ(self.sfo, "aide", since=maker.first_day(maker.year - 1))
        self.kindergarten_member = maker.employ(self.kindergarten, "teacher", since=maker.first_day(maker.year - 2))

    def show_staff(self) -> None:
        maker, school, show = self.maker, self.school, self.persona
        title = f"{self.class_4a.title} at {school.name}"
        show(
            "contact-teacher", "Contact teacher", f"Contact teacher of {title}: all threads of the class's pupils.",
            self.teacher.nid, "employee", queries.CLASS,
        )  # fmt: skip
        show(
            "subject-teacher", "Subject teacher",
            f"Subject teacher of {title}: only the threads they take part in; no addresses, no contact details.",
            self.subject_teacher.nid, "employee", queries.SUBJECT,
        )  # fmt: skip
        show(
            "assistant", "Assistant", f"Assistant in {title}: sees what a subject teacher sees.",
            self.assistant.nid, "employee", queries.SUBJECT,
        )  # fmt: skip
        show(
            "former-contact-teacher", "Teacher who lost a class",
            "Contact teacher of the same pupils until last summer, still employed: own old messages are gone too.",
            self.former_teacher.nid, "employee", queries.SUBJECT,
        )  # fmt: skip
        show(
            "former-employee", "Teacher who quit", f"Worked at {school.name} until last week.",
            self.quitter.nid, "employee", queries.NOTHING,
        )  # fmt: skip
        show(
            "school-leader", "School leader", f"Leads {school.name}: every thread of the school, none of the SFO's.",
            school.head.nid, "employee", queries.UNIT,
        )  # fmt: skip
        show(
            "sfo-leader", "SFO leader", f"Leads {self.sfo.name}: the SFO's threads, none of the school's.",
            self.sfo.head.nid, "employee", queries.UNIT,
        )  # fmt: skip
        show(
            "sfo-staff", "SFO staff", f"Works at {self.sfo.name}: the whole SFO's threads.",
            self.sfo_member.nid, "employee", queries.STAFF,
        )  # fmt: skip
        show(
            "kindergarten-leader", "Kindergarten leader", f"Leads {self.kindergarten.name}.",
            self.kindergarten.head.nid, "employee", queries.UNIT,
        )  # fmt: skip
        show(
            "kindergarten-staff", "Kindergarten staff", f"Works at {self.kindergarten.name}.",
            self.kindergarten_member.nid, "employee", queries.STAFF,
        )  # fmt: skip
        show(
            "administrator", "Administrator without a case", "Of the municipality's administration: sees no child.",
            maker.administration[0].nid, "employee", queries.NOTHING,
        )  # fmt: skip
        show(
            "administrator-with-case", "Administrator with an open need case",
            "Holds a need case on a child whom an organisation has the responsibility for. Never sees threads.",
            maker.administration[1].nid, "employee", queries.CASE,
        )  # fmt: skip

    # -- families ----------------------------------------------------------------------------------------------------

    def add_family_of_two_units(self) -> None:
        mother, father = self.parent("Modig", "Blomst", 38), self.parent("Rolig", "Fjell", 40)
        pupil = self.child("Vakker", "Blomst", 4, sfo=True)
        small = self.child("Spretten", "Blomst", 0, kindergarten_years=3)
        twin = self.child("Lystig", "Blomst", 2, letter=0, sfo=True)
        other_twin = self.child("Munter", "Blomst", 2, letter=1, born=twin.born)
        for child in (pupil, small, twin, other_twin):
            self.two_parents(child, mother, father)
        self.home(mother, father, pupil, small, twin, other_twin)
        self.pupil, self.pupil_mother = pupil, mother
        self.persona(
            "guardian", "Guardian",
            "Mother of four at a school, an SFO and a kindergarten, twins in two classes among them; lives with them.",
            mother.nid, "private", queries.FAMILY,
        )  # fmt: skip
        teacher, school = self.teacher, self.school
        self.talk(school, pupil, "Ukeplan og lekser", [mother], [teacher], [
            (mother, "Hei! Vi finner ikke ukeplanen for neste uke. Er den lagt ut?"),
            (teacher, "Hei! Den kom dessverre sent, men ligger på nettsiden nå. Leseleksen er side 34 til 37."),
            (mother, "Tusen takk, da fant vi den."),
        ], 9)  # fmt: skip
        self.talk(school, pupil, "Tur til Østmarka", [mother, father], [teacher, self.assistant], [
            (teacher, "Hei begge to! Torsdag går 4A på tur. Vakker trenger godt fottøy, regntøy og stor matpakke."),
            (father, "Supert. Er det greit å ta med sitteunderlag og kakao på termos?"),
            (teacher, "Ja, det er bare hyggelig. Vi er tilbake til vanlig tid."),
            (mother, "Så fint! Vakker gleder seg."),
        ], 5, joint=True, unread_by=[mother])  # fmt: skip
        self.talk(school, pupil, "Utviklingssamtale", [father], [teacher], [
            (teacher, "Hei! Passer det med utviklingssamtale tirsdag klokken 14.30?"),
            (father, "Hei, det passer bra. Da ses vi."),
        ], 30)  # fmt: skip
        self.talk(school, pupil, "Svømming på fredager", [mother], [self.subject_teacher], [
            (self.subject_teacher, "Hei! Fra neste fredag har vi svømming. Husk badetøy, håndkle og badehette."),
            (mother, "Takk for beskjed! Vi pakker bagen torsdag kveld."),
            (self.subject_teacher, "Denne meldingen skulle til en annen gruppe."),
            (self.subject_teacher, "Unnskyld, se bort fra den forrige. Ses på fredag!"),
        ], 12, retracted=2)  # fmt: skip
        self.talk(self.sfo, pupil, "Går hjem selv", [mother], [self.sfo_member], [
            (mother, "Hei! Vakker kan gå hjem selv klokken 15.30 på onsdager fra nå av."),
            (self.sfo_member, "Det er notert. Vi sier fra når klokken er 15.30."),
        ], 20, on_behalf=True)  # fmt: skip
        self.talk(self.kindergarten, small, "Skiftetøy", [mother], [self.kindergarten_member], [
            (self.kindergarten_member, "Hei! Det er lite igjen av skiftetøy i hylla. Kan dere fylle på med sokker?"),
            (mother, "Klart det, jeg tar med en pose i morgen."),
        ], 3, unread_by=[self.kindergarten_member])  # fmt: skip
        self.talk(school, pupil, "Leseprosjekt i 3A", [mother], [self.former_teacher], [
            (self.former_teacher, "Hei! Vakker har lest elleve bøker i leseprosjektet. Flott innsats!"),
            (mother, "Så hyggelig å høre! Vi leser videre hjemme."),
            (self.former_teacher, "Bra. Ny runde med bøker kommer i sekken på mandag."),
        ], self.days_since(4))  # fmt: skip
        self.talk(school, pupil, "Gruppearbeid i naturfag", [mother], [self.quitter], [
            (self.quitter, "Hei! Vi trenger noen tomme melkekartonger til forsøket i naturfag."),
            (mother, "Vi har spart på flere, de kommer i sekken."),
        ], 40)  # fmt: skip

    def days_since(self, month: int) -> int:
        """Days since a month's middle in the last school year."""
        return (self.maker.today - dt.date(self.maker.year, month, 15)).days

    def add_split_home(self) -> None:
        mother, father = self.parent("Klok", "Ugle", 36), self.parent("Stolt", "Hest", 39)
        child = self.child("Ivrig", "Ugle", 4)
        self.two_parents(child, mother, father)
        self.home(mother, child)
        self.home(father)
        child.second_address = father.address
        self.split_child, self.split_mother, self.split_father = child, mother, father
        self.persona(
            "guardian-apart", "Guardian who lives elsewhere",
            "Shares responsibility, is registered at another address: no address, none of the other's threads.",
            father.nid, "private", queries.FAMILY,
        )  # fmt: skip
        self.talk(self.school, child, "Bytte av uke", [mother], [self.teacher], [
            (mother, "Hei! Ivrig er hos meg også neste uke. Kan beskjeder om turen gå hit?"),
            (self.teacher, "Ja, det ordner vi. Beskjed kommer i sekken og her."),
        ], 15)  # fmt: skip
        self.talk(self.school, child, "Gymtøy", [father], [self.teacher], [
            (father, "Hei! Ivrig har glemt gymtøyet hos meg. Jeg leverer det på kontoret i morgen tidlig."),
            (self.teacher, "Fint, takk for hjelpen!"),
        ], 6, unread_by=[self.teacher])  # fmt: skip

    def add_no_responsibility(self) -> None:
        mother, father = self.parent("Raus", "Rogn", 33), self.parent("Kjapp", "Maur", 35)
        child = self.child("Søt", "Rogn", 4, sfo=True)
        self.two_parents(child, mother, father, shared=False)
        self.maker.responsible(child, mother, "mor")
        self.home(mother, child)
        self.home(father)
        self.persona(
            "family-only", "Parent without parental responsibility",
            "In the register as father; the mother alone has the responsibility. Family opens nothing.",
            father.nid, "private", queries.NOTHING,
        )  # fmt: skip

    def add_blocked(self) -> None:
        maker = self.maker
        mother, father = self.parent("Tapper", "Lønn", 37), self.parent("Direkte", "Kråke", 41)
        child = self.child("Blid", "Lønn", 4)
        self.two_parents(child, mother, father)
        self.home(mother, child)
        self.home(father)
        self.talk(self.school, child, "Foreldremøte", [father], [self.teacher], [
            (father, "Hei! Når er det foreldremøte i høst?"),
            (self.teacher, "Hei, det er 14. september klokken 18 i klasserommet."),
        ], 150)  # fmt: skip
        maker.block(child, father, since=maker.ago(60))
        self.persona(
            "guardian-blocked", "Blocked guardian",
            "Has the responsibility by the register; a block beats everything, old threads included.",
            father.nid, "private", queries.NOTHING,
        )  # fmt: skip

    def add_protected(self) -> None:
        maker = self.maker
        mother, father = self.parent("Våken", "Bjelle", 34), self.parent("Høflig", "Torsk", 36)
        child = self.child("Stille", "Bjelle", 4)
        self.two_parents(child, mother, father)
        self.home(mother, child)
        self.home(father)
        since = maker.ago(200)
        for person in (child, mother):
            person.protection.append(("fortrolig", since))
        if mother.address:
            mother.address.grading = "fortrolig"
        maker.confirm(child, mother, since=since + dt.timedelta(days=1))
        self.persona(
            "guardian-confirmed", "Confirmed guardian of a protected child",
            "Lives at an address with protection (fortrolig); the leader has confirmed her since it began.",
            mother.nid, "private", queries.FAMILY,
        )  # fmt: skip
        self.persona(
            "guardian-unconfirmed", "Guardian of a protected child, not confirmed",
            "Shares the responsibility; until the leader confirms him the child does not exist for him.",
            father.nid, "private", queries.NOTHING,
        )  # fmt: skip
        self.talk(self.school, child, "Skolefoto", [mother], [self.teacher], [
            (self.teacher, "Hei! Fotografen kommer onsdag. Gi beskjed om Stille ikke skal være med på bildet."),
            (mother, "Hei, vi står over i år. Takk for at du spør."),
        ], 25)  # fmt: skip

    def add_strictly_protected(self) -> None:
        maker = self.maker
        mother = self.parent("Fager", "Måne", 31)
        child = self.child("Nett", "Måne", 0, kindergarten_years=4)
        maker.related(child, mother, "mor")
        maker.responsible(child, mother, "mor")
        self.home(mother, child)
        since = maker.ago(300)
        for person in (child, mother):
            person.protection.append(("strengtFortrolig", since))
        maker.confirm(child, mother, since=since)
        self.persona(
            "guardian-strict", "Guardian of a strictly protected child",
            "strengtFortrolig, confirmed: sees her child, and no address, which is stored nowhere.",
            mother.nid, "private", queries.FAMILY,
        )  # fmt: skip

    def add_institution_address(self) -> None:
        maker = self.maker
        mother = self.parent("Ønsket", "Strand", 29)
        child = self.child("Åpen", "Strand", 3, sfo=True)
        maker.related(child, mother, "mor")
        maker.responsible(child, mother, "mor")
        self.home(mother, child)
        if mother.address:
            mother.address.grading = "klientadresse"
        self.persona(
            "guardian-institution", "Guardian at an institution's address",
            "klientadresse counts as fortrolig: she is not confirmed yet, so sees nothing.",
            mother.nid, "private", queries.NOTHING,
        )  # fmt: skip

    def add_unclear_responsibility(self) -> None:
        maker = self.maker
        mother = self.parent("Ymse", "Ripsbusk", 35)
        unknown = self.child("Gild", "Ripsbusk", 4)
        maker.related(unknown, mother, "mor")
        maker.responsible(unknown, mother, "ukjent")
        self.home(mother, unknown)
        self.persona(
            "guardian-unknown", "Guardian whose responsibility is unknown",
            "The register says ansvar: ukjent. That opens nothing and is a task for the leader.",
            mother.nid, "private", queries.NOTHING,
        )  # fmt: skip
        in_care = self.child("Kry", "Stjerne", 4, sfo=True)
        in_care.responsibilities.append(
            Responsibility("andre", None, maker.ago(800), organisation=maker.welfare_office)
        )
        parent = self.parent("Sindig", "Stjerne", 33)
        maker.related(in_care, parent, "mor")
        self.home(in_care)
        self.home(parent)
        maker.m.need = (maker.administration[1].nid, in_care.nid)
        abroad = self.child("Uredd", "Hegre", 4)
        mother = self.parent("Taktfull", "Hegre", 34)
        maker.related(abroad, mother, "mor")
        maker.responsible(abroad, mother, "felles")
        abroad.responsibilities.append(
            Responsibility("felles", None, abroad.born, holder_name=("Lang", "Elv"), holder_born=dt.date(1986, 4, 2))
        )
        self.home(mother, abroad)
        strange = self.child("Kjekk", "Osp", 4)
        mother, father = self.parent("Frisk", "Osp", 32), self.parent("Beleven", "Gaupe", 34)
        self.two_parents(strange, mother, father, shared=False)
        maker.responsible(strange, mother, "begge")  # a value that the register does not have
        maker.responsible(strange, father, "felles", current=False)
        father.responsible_for.append((strange, "felles", strange.born))  # his document says otherwise: a task
        self.home(mother, father, strange)

    def add_ended_and_coming_responsibility(self) -> None:
        maker = self.maker
        mother, father = self.parent("Vital", "Perle", 36), self.parent("Skarp", "Fasan", 38)
        child = self.child("Snill", "Perle", 4, sfo=True)
        self.two_parents(child, mother, father, shared=False)
        maker.responsible(child, mother, "mor", maker.ago(60))
        maker.responsible(child, father, "felles", child.born, maker.ago(60), current=False)
        coming = self.parent("Grei", "Sølje", 40)
        maker.responsible(child, coming, "andre", maker.today + dt.timedelta(days=45))
        self.home(mother, child)
        self.home(father)
        self.home(coming)
        self.ended_child, self.ended_father = child, father
        self.persona(
            "guardian-ended", "Guardian whose responsibility has ended",
            "Had shared responsibility until two months ago; took part in threads that are closed to him now.",
            father.nid, "private", queries.NOTHING,
        )  # fmt: skip
        self.persona(
            "guardian-coming", "Guardian from next month on",
            "The register has an entry that has not begun. Start the demo with --today some weeks on to see it open.",
            coming.nid, "private", queries.NOTHING,
        )  # fmt: skip
        self.talk(self.school, child, "Leksehjelp", [father], [self.teacher], [
            (father, "Hei! Er det plass på leksehjelpen på tirsdager?"),
            (self.teacher, "Ja, det er det. Jeg setter Snill på lista."),
        ], 100)  # fmt: skip

    def add_other_adults(self) -> None:
        maker, school = self.maker, self.school
        child, mother = self.split_child, self.split_mother
        partner = self.parent("Trofast", "Eik", 37)
        self.home(partner)
        maker.delegate(child, partner, school, maker.ago(120))
        maker.consent(child, mother, partner, school, maker.ago(119))
        self.persona(
            "delegate", "Other adult with consent",
            "The mother's partner, registered by the school on her consent: name, unit, groups, own threads.",
            partner.nid, "private", queries.FAMILY,
        )  # fmt: skip
        self.talk(school, child, "Henting etter tur", [partner], [self.teacher], [
            (partner, "Hei! Jeg henter Ivrig etter turen på torsdag. Hvor møtes vi?"),
            (self.teacher, "Hei! Vi er ved hovedinngangen klokken 14."),
            (partner, "Flott, da er jeg der."),
        ], 8, unread_by=[partner])  # fmt: skip
        grandmother = self.parent("Gyllen", "Fasan", 61)
        self.home(grandmother)
        maker.delegate(self.ended_child, grandmother, school, maker.ago(150))
        maker.consent(self.ended_child, self.ended_father, grandmother, school, maker.ago(149))
        self.persona(
            "delegate-resting", "Other adult whose consent rests",
            "Registered on the consent of one who is guardian no more: it rests until a guardian consents.",
            grandmother.nid, "private", queries.NOTHING,
        )  # fmt: skip
        expired = self.parent("Nøysom", "Viol", 58)
        self.home(expired)
        maker.delegate(child, expired, school, maker.ago(300), maker.ago(40))
        maker.consent(child, mother, expired, school, maker.ago(299))
        self.persona(
            "delegate-expired", "Other adult whose time is over", "Registered until last month.",
            expired.nid, "private", queries.NOTHING,
        )  # fmt: skip
        once = self.parent("Ettertenksom", "Sky", 55)
        self.home(once)
        maker.delegate(child, once, school, maker.ago(400))
        maker.consent(child, self.split_father, once, school, maker.ago(399), maker.ago(90))
        self.talk(school, child, "Henting på tirsdager", [once], [self.teacher], [
            (once, "Hei! Jeg henter Ivrig på tirsdager fram til jul."),
            (self.teacher, "Det er notert, velkommen!"),
        ], 180)  # fmt: skip
        self.persona(
            "former-participant", "Other adult who once took part",
            "Wrote with the school on a consent that the guardian has taken back.",
            once.nid, "private", queries.NOTHING,
        )  # fmt: skip

    def add_teacher_with_child_in_class(self) -> None:
        maker = self.maker
        teacher = maker.employ(self.school, "teacher", since=maker.first_day(maker.year - 4))
        maker.m.numbers.given.discard(teacher.nid)
        teacher.born = dt.date(maker.today.year - 39, 5, 17)
        teacher.number = maker.m.numbers.person(teacher.born)
        teacher.given, teacher.middle, teacher.family, teacher.documented = "Målrettet", None, "Foss", True
        class_5a = self.class_now(self.school, 5, "A")
        maker.teaches(class_5a, teacher, primary=True)
        child = self.child("Fin", "Foss", 5, letter=0)
        other = self.parent("Mild", "Foss", 38)
        self.two_parents(child, other, teacher)
        self.home(teacher, other, child)
        self.persona(
            "teacher-guardian-private", "Teacher who is a guardian too, signed in as a private person",
            "Contact teacher of 5A, where the own child goes: here as the child's guardian.",
            teacher.nid, "private", queries.FAMILY,
        )  # fmt: skip
        self.persona(
            "teacher-guardian-employee", "The same teacher, signed in as an employee",
            "Contact teacher of all of 5A but the own child: nobody is staff to their own child.",
            teacher.nid, "employee", queries.CLASS,
        )  # fmt: skip
        self.talk(self.school, child, "Musikk og korps", [teacher], [self.school.head], [
            (teacher, "Hei! Fin begynner i korpset og må gå litt før på torsdager."),
            (self.school.head, "Det går fint. Gi beskjed til faglæreren også."),
        ], 18)  # fmt: skip
        self.talk(self.school, child, "Korpsøvelse", [other], [class_5a.contact_teacher], [
            (other, "Hei! Korpsøvelsen er flyttet til onsdag denne uka."),
            (class_5a.contact_teacher, "Takk for beskjed!"),
        ], 11)  # fmt: skip

    def add_pupils_themselves(self) -> None:
        maker = self.maker
        mother = self.parent("Poetisk", "Høst", 44)
        cohort = maker.year - 15
        grown = self.child("Djerv", "Høst", 10, born=dt.date(cohort, 1, 9))
        younger = self.child("Idérik", "Høst", 9, born=self.years_ago(14, 120))
        for pupil in (grown, younger):
            maker.related(pupil, mother, "mor")
            maker.responsible(pupil, mother, "mor")
        self.home(mother, grown, younger)
        self.persona(
            "pupil-15", "Pupil of 15", "Sees what is known about them, without any grown-up's contact details.",
            grown.nid, "private", queries.SELF,
        )  # fmt: skip
        self.persona(
            "pupil-14", "Pupil of 14", "Too young: sees nothing yet.", younger.nid, "private", queries.SELF,
        )  # fmt: skip
        father = self.parent("Lojal", "Pil", 47)
        adult = self.child("Voksen", "Pil", 10, born=self.years_ago(18, 100))
        maker.related(adult, father, "far")
        maker.responsible(adult, father, "far")
        self.home(father, adult)
        self.persona(
            "pupil-18", "Pupil of 18", "Grown up, and still enrolled: responsible for themself.",
            adult.nid, "private", queries.SELF,
        )  # fmt: skip
        self.persona(
            "guardian-of-adult", "Guardian of a pupil who has come of age",
            "The register's entry still stands; on the 18th birthday it stopped opening anything.",
            father.nid, "private", queries.NOTHING,
        )  # fmt: skip

    def years_ago(self, years: int, days: int) -> dt.date:
        today = self.maker.today
        return dt.date(today.year - years, today.month, min(today.day, 28)) - dt.timedelta(days=days)

    def add_unusual_numbers(self) -> None:
        maker = self.maker
        newcomer = self.parent("Storsinnet", "Sirkel", 36, d_number=True)
        renumbered = self.child("Rørlig", "Sirkel", 4)
        renumbered.former_number = maker.m.numbers.person(renumbered.born, d_number=True)
        maker.related(renumbered, newcomer, "mor")
        maker.responsible(renumbered, newcomer, "mor")
        self.home(newcomer, renumbered)
        self.persona(
            "guardian-d-number", "Guardian with a D-number",
            "New in the country; the child's D-number has given way to a national identity number.",
            newcomer.nid, "private", queries.FAMILY,
        )  # fmt: skip
        grandfather = self.parent("Verdig", "Stein", 60)
        orphan = self.child("Tålmodig", "Stein", 4, sfo=True)
        maker.responsible(orphan, grandfather, "andre", maker.ago(900))
        self.home(grandfather, orphan)
        # Known to the roster alone: no number, no document, so nobody has access as family.
        unknown = self.child("Ordknapp", "Å", 4)
        unknown.number, unknown.documented = None, False

    def add_outsiders(self) -> None:
        maker = self.maker
        neighbour = self.parent("Original", "Østers", 50)
        self.home(neighbour)
        self.persona(
            "stranger", "Somebody without any tie", "Known to the register, tied to nobody: sees the units' names.",
            neighbour.nid, "private", queries.NOTHING,
        )  # fmt: skip
        nobody = maker.m.numbers.person(dt.date(1979, 2, 3))
        self.persona(
            "unknown", "Somebody whom the municipality does not know", "A valid number that is in no file.",
            nobody, "both", queries.NOTHING,
        )  # fmt: skip
