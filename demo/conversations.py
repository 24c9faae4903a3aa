"""What homes and units write to each other: subjects and short exchanges in Norwegian, nothing of it sensitive.

An exchange is a subject and lines; a line begins with who writes, F for the guardian side (foresatte), A for the unit's
(ansatte). `{barn}`, `{f}` and `{a}` are first names of the child, the guardian and whoever writes for the unit; every
other word in braces is one of `CHOICES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Side = Literal["F", "A"]


@dataclass(frozen=True, slots=True)
class Exchange:
    subject: str
    lines: tuple[tuple[Side, str], ...]


DAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag")
CHOICES = {
    "dag": DAYS,
    "kl": ("13.15", "14.00", "14.30", "15.00", "15.30", "15.45", "16.00", "16.15"),
    "møtetid": ("08.15", "12.30", "14.15", "14.45", "15.30", "17.00", "17.30", "18.00"),
    "plagg": ("lua", "regnjakka", "votten", "skjerfet", "den blå genseren", "ullbuksa", "sekken", "matboksen"),
    "fag": ("norsk", "matematikk", "engelsk", "naturfag", "samfunnsfag", "kunst og håndverk", "mat og helse"),
    "bok": ("den nye leseboka", "biblioteksboka", "arbeidsboka", "sangheftet", "leseheftet"),
    "sted": ("Østmarka", "biblioteket", "Losbyskogen", "svømmehallen", "museet", "teateret", "akebakken", "gården"),
    "lek": ("togbanen", "klossene", "hinderløypa", "sandkassa", "vannleken", "huskene", "tegnekroken", "perlene"),
    "mat": ("fiskesuppe", "grønnsaksgryte", "havregrøt", "pannekaker", "rundstykker", "fruktsalat", "tomatsuppe"),
    "hvem": ("bestefar", "bestemor", "tanta", "naboen", "storesøster", "onkelen"),
    "dyr": ("maur", "meitemark", "frosker", "fugler", "ekorn", "sommerfugler", "biller"),
}  # fmt: skip

SCHOOL = """
# Lekser denne uka
F Hei! Vi finner ikke leksene i {fag} for denne uka. Er de lagt ut?
A Hei, {f}! De ligger på ukeplanen nå. Beklager at de kom sent.
F Takk, da fant vi dem.
# Ukeplan
F God kveld! Ukeplanen viser fortsatt forrige uke. Kommer det en ny?
A Hei! Ny plan er lagt ut nå. {dag} er byttet med en temadag, så se godt etter.
# Time i {fag}
F Hei! {barn} lurer på om de kan gjøre oppgavene i {fag} på papir.
A Ja, det går helt fint. Lever dem {dag}.
F Så bra, takk for raskt svar!
# Tur til {sted}
A Hei! {dag} går klassen på tur til {sted}. {barn} trenger gode sko, drikke og en stor matpakke.
F Takk for beskjed! Er dere tilbake til vanlig tid?
A Ja, vi er tilbake før skoledagen er slutt.
# Glemt tøy
F Hei! {barn} savner {plagg}. Er det noe i glemtekassa?
A Hei! Ja, jeg fant {plagg} der. Den henger på plassen til {barn} nå.
F Tusen takk for hjelpen!
# Glemtekassa
A Hei! Det henger mye igjen i garderoben. Kan {barn} se etter {plagg} i morgen?
F Det skal vi minne om. Takk for at du sa fra.
# Fri {dag}
F Hei! Vi vil gjerne søke om fri for {barn} {dag}. Hvordan gjør vi det?
A Hei! Send inn skjemaet på skolens side, så får dere svar fra kontoret.
F Supert, da gjør vi det i kveld.
# Kommer senere
F God morgen! {barn} kommer en time senere i dag.
A Takk for beskjed, {f}. Vi er i klasserommet.
# Borte i dag
F Hei! {barn} blir hjemme i dag.
A Takk for beskjed! Vi legger arbeidet på plassen.
F Fint, {barn} tar det igjen i morgen.
# Utviklingssamtale
A Hei! Passer det med utviklingssamtale {dag} klokken {møtetid}?
F Hei, {a}! Det passer dessverre ikke. Har du en tid senere på dagen?
A Jeg kan klokken {møtetid}. Er det bedre?
F Ja, det passer fint. Da ses vi!
# Foreldremøte
A Hei! Velkommen til foreldremøte {dag} klokken {møtetid}. Vi møtes i klasserommet.
F Takk for innkallingen, jeg kommer.
# Dugnad i klassen
A Hei! Vi trenger noen som kan hjelpe til med klassekassa. Kunne du tenke deg det?
F Ja, det kan jeg godt være med på.
A Så hyggelig! Jeg sender mer {dag}.
# Høytlesning
A Hei! {barn} leste høyt for klassen i dag og gjorde det så fint.
F Så gøy å høre! Vi har øvd hjemme.
# Prosjekt i {fag}
A Hei! Vi har et prosjekt i {fag}, og {barn} kan ta med {bok} hjemmefra.
F Det blir lagt i sekken med en gang.
# Bursdag
F Hei! {barn} har bursdag {dag}. Er det greit å ta med frukt til klassen?
A Det er veldig hyggelig! Vi er fulltallige den dagen.
F Flott, da tar vi med nok til alle.
# Bytte av gruppe
F Hei, {a}! {barn} spør om det går an å bytte gruppe i {fag}.
A Hei! Vi setter nye grupper etter ferien, så da skal jeg tenke på det.
F Det er fint, takk!
# Gymtøy
A Hei! Husk at gymmen er flyttet til {dag} denne uka.
F Takk, gymtøyet er pakket.
# Svømming
A Hei! Neste uke begynner svømmingen. {barn} trenger badetøy, håndkle og badehette.
F Notert! Hvor mange uker varer det?
A Vi holder på i åtte uker.
# Skolefoto
A Hei! Fotografen kommer {dag}. Gi beskjed dersom {barn} ikke skal være med på klassebildet.
F {barn} blir med, takk for at du spør.
# Bok til innlevering
A Hei! Biblioteket savner {bok}. Kan dere se etter om den ligger hjemme?
F Den lå under senga! Den kommer i sekken i morgen.
# Sykkel til skolen
F Hei! Når kan trinnet begynne å sykle til skolen?
A Hei! Vi åpner for det etter sykkelprøven i mai.
F Takk, da øver vi til da.
# Turdag
A Hei! I morgen er det turdag. Det er meldt regn, så ta gjerne med skift.
F Takk for tipset! {barn} gleder seg.
# Nytt hjem, ny vei
F Hei! {barn} går en ny vei til skolen fra {dag}. Er det andre i klassen som går den veien?
A Ja, flere møtes ved krysset klokken 08. Jeg kan si fra til dem.
F Tusen takk, det hadde vært fint!
# Klassekonsert
A Hei! Klassen holder konsert {dag} klokken {møtetid}. Alle hjemme er velkomne.
F Så fint! Vi kommer, og {hvem} blir også med.
# Leirskole
A Hei! Pakkelista til leirskolen ligger på klassens side.
F Takk! Trenger {barn} sovepose, eller er det dyner der?
A Det er dyner, men ta med sengetøy.
F Perfekt.
# Matte på nett
F Hei! {barn} får ikke logget inn på øvingssidene i matematikk.
A Hei! Passordet er satt på nytt, og lappen ligger i sekken.
F Nå virker det. Takk!
# Ros
F Hei, {a}! Vi ville bare si at {barn} trives så godt i klassen.
A Så koselig å høre, tusen takk!
# Vekeplan
F Hei! Kor finn vi vekeplanen for neste veke?
A Hei! Han ligg på klassa si side no. God helg!
F Takk, og god helg til deg òg.
"""

SFO = """
# Går hjem selv
F Hei! {barn} kan gå hjem selv klokken {kl} på {dag}.
A Det er notert. Vi sier fra når klokken er {kl}.
# Hentes av {hvem}
F Hei! {barn} blir hentet av {hvem} i dag, cirka klokken {kl}.
A Takk for beskjed, {f}!
# Blir med en venn hjem
F Hei! {barn} skal være med en i klassen hjem etter SFO {dag}.
A Fint! Er det avtalt at de går sammen klokken {kl}?
F Ja, det er avtalt.
# Ferie på SFO
A Hei! Meld på til ferie-SFO innen {dag}. Vi skal blant annet til {sted}.
F Vi melder på {barn} alle dagene. Takk!
# Skiftetøy på SFO
A Hei! {barn} mangler skiftetøy. Kan dere legge en pose i garderoben?
F Ja, den kommer i morgen tidlig.
# Aktiviteter
F Hei! Har dere fortsatt {lek} på {dag}?
A Ja, og {barn} er på lista. Vi begynner etter maten.
F Supert, det gleder {barn} seg til.
# Mat på SFO
A Hei! {dag} lager barna {mat} på kjøkkenet. Ta gjerne med en boks til det som blir igjen.
F Så hyggelig! Det blir pakket en boks.
# Tur til {sted}
A Hei! {dag} går hele SFO til {sted}. Vi er tilbake klokken {kl}.
F Takk for beskjed. Da henter vi litt senere.
# Endret tid
F Hei! Vi endrer oppholdet til halv plass fra neste måned. Hvem melder vi det til?
A Hei! Send skjemaet på kommunens side innen den femtende, så ordner vi resten.
F Da gjør vi det, takk.
# Glemt {plagg}
F Hei! Har dere sett {plagg}? {barn} kom hjem uten i går.
A Den ligger i kurven ved døra.
F Flott, takk!
# Fri fra SFO
F Hei! {barn} skal ikke på SFO {dag}.
A Greit, da vet vi det.
# Leksetid
A Hei! Vi har leksetid hver {dag}. Ønsker dere at {barn} blir med?
F Ja takk, det vil vi gjerne.
# Utstyr ute
A Hei! Det er fint føre i akebakken. Ta gjerne med rumpebrett denne uka.
F Takk, det blir lagt i sekken.
# Planleggingsdag
A Hei! SFO er stengt {dag} på grunn av planleggingsdag.
F Takk for påminnelsen!
"""

KINDERGARTEN = """
# Skiftetøy
A Hei! Det er lite igjen i hylla til {barn}. Kan dere fylle på med sokker og en bukse?
F Ja, vi tar med en pose i morgen. Takk for beskjed!
# Hentes av {hvem}
F Hei! I dag blir {barn} hentet av {hvem} klokken {kl}.
A Det er notert, {f}. Ha en fin dag!
# Kommer litt senere
F God morgen! Vi er litt sene og kommer klokken 10.
A Det er helt fint. Vi går ut da, så kom rett ut på lekeplassen.
# Turdag til {sted}
A Hei! {dag} går vi på tur til {sted}. {barn} trenger sekk, sitteunderlag og matpakke.
F Takk! Skal vi pakke drikke også?
A Ja takk, gjerne en flaske med vann.
# Bursdag
F Hei! {barn} fyller år {dag}. Hvordan feirer dere det?
A Så stas! Vi lager krone, synger og har fruktfat. Dere trenger ikke ta med noe.
F Det høres fint ut!
# Foreldresamtale
A Hei! Har du anledning til en foreldresamtale {dag} klokken {møtetid}?
F Hei, {a}! Ja, det passer bra.
A Flott, da setter jeg deg opp.
# Dagen i dag
A Hei! {barn} bygde med {lek} i hele formiddag og var så fornøyd.
F Så hyggelig å høre! Takk for at du fortalte det.
# Ferie
F Hei! Vi tar ferie fra og med {dag} neste uke. {barn} er tilbake uka etter.
A Takk for beskjed, og god ferie!
# Dugnad
A Hei! Det er dugnad i barnehagen {dag} klokken {møtetid}. Vi skal blant annet male gjerdet.
F Vi kommer, og tar med koster.
# Sommerfest
A Hei! Velkommen til fest {dag}. Hver familie tar med litt mat til fellesbordet.
F Så fint! Vi tar med {mat}.
# Glemt {plagg}
F Hei! Har {barn} lagt igjen {plagg}?
A Ja, den henger på plassen.
F Takk, da tar vi den med i morgen.
# Stell av uteklær
A Hei! Det blir vått ute framover. Sett gjerne navn i {plagg}.
F Det skal vi gjøre i kveld.
# Planleggingsdag
A Hei! Vi minner om at barnehagen er stengt {dag}.
F Takk, det har vi notert.
# Ny avdeling
A Hei! Etter sommeren begynner {barn} på stor avdeling. Dere får tid til tilvenning {dag}.
F Så spennende! Er det noe vi bør forberede?
A Nei, bare å glede seg.
# Vi leter etter {dyr}
A Hei! Denne måneden leter vi etter {dyr}. Ta gjerne med en bok om det hjemmefra.
F Så gøy, vi har en som {barn} kan ta med.
# Mat
A Hei! {dag} lager barna {mat}. Gi beskjed om det er noe {barn} ikke skal ha.
F Alt er greit for {barn}. Takk for at dere spør!
"""


def exchanges(text: str) -> list[Exchange]:
    """Reads the texts above: a line that begins with # is a subject, the rest are who writes and what."""
    made: list[tuple[str, list[tuple[Side, str]]]] = []
    for line in filter(None, text.splitlines()):
        mark, _, rest = line.partition(" ")
        if mark == "#":
            made.append((rest, []))
        else:
            made[-1][1].append(("F" if mark == "F" else "A", rest))
    return [Exchange(subject, tuple(lines)) for subject, lines in made]


def told_apart(text: str, count: int, rng: Random) -> list[Exchange]:
    """`count` exchanges with every choice made but the names; the same choice all through one exchange."""
    patterns = exchanges(text)
    made: list[Exchange] = []
    names = {"barn": "{barn}", "f": "{f}", "a": "{a}"}
    for index in range(count):
        pattern = patterns[index % len(patterns)]
        choice = names | {name: rng.choice(values) for name, values in CHOICES.items()}
        lines = tuple((side, capital(line.format(**choice))) for side, line in pattern.lines)
        made.append(Exchange(capital(pattern.subject.format(**choice)), lines))
    return made


def capital(text: str) -> str:
    """Begins with a capital, and so does what follows a full stop ("torsdag er byttet" may open a sentence)."""
    for end in (". ", "! ", "? "):
        text = end.join(part[:1].upper() + part[1:] for part in text.split(end))
    return text[:1].upper() + text[1:]


TEXTS: dict[str, str] = {"SCHOOL": SCHOOL, "SFO": SFO, "KINDERGARTEN": KINDERGARTEN}


def pools(rng: Random, each: int = 600) -> dict[str, Sequence[Exchange]]:
    """For each kind of unit, enough exchanges that a long history does not seem to repeat itself."""
    return {kind: told_apart(text, each, rng) for kind, text in TEXTS.items()}
