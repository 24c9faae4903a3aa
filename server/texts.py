"""What people are told when something is refused, in Bokmål, Nynorsk and English; the codes are the same in all three.

This table is also the allow-list: of an error met while an operation runs, the client gets the code's text from here,
and an error without a code of this table is "Unexpected error.".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias

Language: TypeAlias = Literal["en", "nb", "nn"]
LANGUAGES: dict[str, Language] = {"en": "en", "nb": "nb", "no": "nb", "nn": "nn"}
UNEXPECTED = "UNEXPECTED"

TEXTS: dict[str, dict[Language, str]] = {
    "UNAUTHENTICATED": {
        "en": "Sign in: a valid bearer token is needed.",
        "nb": "Logg inn: det trengs et gyldig token.",
        "nn": "Logg inn: det trengst eit gyldig token.",
    },
    "SIGN_IN_NOT_AVAILABLE": {
        "en": "The sign-in cannot be checked just now. Try again in a while.",
        "nb": "Innloggingen kan ikke kontrolleres akkurat nå. Prøv igjen om litt.",
        "nn": "Innlogginga kan ikkje kontrollerast akkurat no. Prøv igjen om litt.",
    },
    "UNEXPECTED": {
        "en": "Unexpected error.",
        "nb": "Uventet feil.",
        "nn": "Uventa feil.",
    },
    "TIMEOUT": {
        "en": "The operation took too long and was stopped. Ask for less at a time.",
        "nb": "Spørringen tok for lang tid og ble stoppet. Spør om mindre om gangen.",
        "nn": "Spørjinga tok for lang tid og vart stoppa. Spør om mindre om gongen.",
    },
    "UPLOAD_NOT_MULTIPART": {
        "en": "A file is sent as multipart/form-data.",
        "nb": "En fil sendes som multipart/form-data.",
        "nn": "Ei fil blir send som multipart/form-data.",
    },
    "BAD_UPLOAD": {
        "en": "The request does not hold one whole file, in a part named `file`.",
        "nb": "Forespørselen inneholder ikke én hel fil i en del med navnet `file`.",
        "nn": "Førespurnaden inneheld ikkje éi heil fil i ein del med namnet `file`.",
    },
    "FILE_TOO_LARGE": {
        "en": "The file is larger than {limit} bytes.",
        "nb": "Filen er større enn {limit} byte.",
        "nn": "Fila er større enn {limit} byte.",
    },
    "FILE_TYPE_NOT_TAKEN": {
        "en": "Files of this type are not taken.",
        "nb": "Filer av denne typen tas ikke imot.",
        "nn": "Filer av denne typen blir ikkje tekne imot.",
    },
    "FILE_TYPE_DISAGREES": {
        "en": "The file is not of the type that it is said to be, or is damaged.",
        "nb": "Filen er ikke av den typen den oppgis å være, eller den er skadet.",
        "nn": "Fila er ikkje av den typen ho er oppgjeven å vere, eller ho er skada.",
    },
    "UPLOAD_TOO_SLOW": {
        "en": "The file took too long to come.",
        "nb": "Filen brukte for lang tid på å komme fram.",
        "nn": "Fila brukte for lang tid på å kome fram.",
    },
    "UPLOAD_NOT_ALLOWED": {
        "en": "Only people who have to do with a child or a unit here can upload files.",
        "nb": "Bare den som har med et barn eller en enhet her å gjøre, kan laste opp filer.",
        "nn": "Berre den som har med eit barn eller ei eining her å gjere, kan laste opp filer.",
    },
    "TOO_MANY_UPLOADS": {
        "en": "There are many uploaded files that are not sent yet. Send them first, or wait a day.",
        "nb": "Det ligger mange opplastede filer som ikke er sendt. Send dem først, eller vent et døgn.",
        "nn": "Det ligg mange opplasta filer som ikkje er sende. Send dei først, eller vent eit døgn.",
    },
    "ATTACHMENT_NOT_FOUND": {
        "en": "There is no such file, or the link has expired. Ask for a new link.",
        "nb": "Filen finnes ikke, eller lenken er utløpt. Hent en ny lenke.",
        "nn": "Fila finst ikkje, eller lenkja er utgått. Hent ei ny lenkje.",
    },
    "CONTACTS_OUT_OF_REACH": {
        "en": "The contact register does not answer just now.",
        "nb": "Kontaktregisteret svarer ikke akkurat nå.",
        "nn": "Kontaktregisteret svarar ikkje akkurat no.",
    },
    "BAD_CURSOR": {
        "en": "The cursor does not belong to this list.",
        "nb": "Pekeren hører ikke til denne listen.",
        "nn": "Peikaren høyrer ikkje til denne lista.",
    },
    "BAD_PAGE": {
        "en": "A page is asked for by `first` and `after`, or by `last` and `before`, and its size is not negative.",
        "nb": "Be om en side med `first` og `after` eller med `last` og `before`; størrelsen kan ikke være negativ.",
        "nn": "Be om ei side med `first` og `after` eller med `last` og `before`; storleiken kan ikkje vere negativ.",
    },
    "PAGE_TOO_LARGE": {
        "en": "A page of {found} is asked for, and the limit is {limit}.",
        "nb": "Det bes om en side på {found}, og grensen er {limit}.",
        "nn": "Det er bede om ei side på {found}, og grensa er {limit}.",
    },
    "TOO_COSTLY": {
        "en": "The operation may have to answer {found} fields, and the limit is {limit}: ask for smaller pages.",
        "nb": "Spørringen kan måtte svare med {found} felter, og grensen er {limit}: be om mindre sider.",
        "nn": "Spørjinga kan måtte svare med {found} felt, og grensa er {limit}: be om mindre sider.",
    },
    "DOCUMENT_TOO_LONG": {
        "en": "The document has {found} characters, and the limit is {limit}.",
        "nb": "Dokumentet har {found} tegn, og grensen er {limit}.",
        "nn": "Dokumentet har {found} teikn, og grensa er {limit}.",
    },
    "TOO_MANY_TOKENS": {
        "en": "The document has more than {limit} tokens.",
        "nb": "Dokumentet har flere enn {limit} symboler.",
        "nn": "Dokumentet har fleire enn {limit} symbol.",
    },
    "TOO_DEEP": {
        "en": "The document has {found} selections within each other, and the limit is {limit}.",
        "nb": "Dokumentet har {found} nivåer inni hverandre, og grensen er {limit}.",
        "nn": "Dokumentet har {found} nivå inni kvarandre, og grensa er {limit}.",
    },
    "TOO_MANY_FIELDS": {
        "en": "The document has {found} fields, and the limit is {limit}.",
        "nb": "Dokumentet har {found} felter, og grensen er {limit}.",
        "nn": "Dokumentet har {found} felt, og grensa er {limit}.",
    },
    "TOO_MANY_ALIASES": {
        "en": "The document has {found} aliases, and the limit is {limit}.",
        "nb": "Dokumentet har {found} alias, og grensen er {limit}.",
        "nn": "Dokumentet har {found} alias, og grensa er {limit}.",
    },
    "TOO_MANY_DIRECTIVES": {
        "en": "The document has {found} directives, and the limit is {limit}.",
        "nb": "Dokumentet har {found} direktiver, og grensen er {limit}.",
        "nn": "Dokumentet har {found} direktiv, og grensa er {limit}.",
    },
    "TOO_MANY_ROOT_FIELDS": {
        "en": "The operation has {found} root fields, and the limit is {limit}.",
        "nb": "Spørringen har {found} rotfelter, og grensen er {limit}.",
        "nn": "Spørjinga har {found} rotfelt, og grensa er {limit}.",
    },
    "TOO_MANY_REPEATS": {
        "en": "The document repeats the same fields in one place too many times ({found} pairs, the limit is {limit}).",
        "nb": "Dokumentet gjentar de samme feltene på ett sted for mange ganger ({found} par, grensen er {limit}).",
        "nn": "Dokumentet tek opp att dei same felta på éin stad for mange gonger ({found} par, grensa er {limit}).",
    },
    "BAD_VARIABLE": {
        "en": "A variable is missing or is not of its type.",
        "nb": "En variabel mangler eller er ikke av sin type.",
        "nn": "Ein variabel manglar eller er ikkje av sin type.",
    },
    "OPERATION_NOT_FOUND": {
        "en": "The document has no operation of that name, or several and no name is given.",
        "nb": "Dokumentet har ingen spørring med det navnet, eller flere uten at noe navn er oppgitt.",
        "nn": "Dokumentet har inga spørjing med det namnet, eller fleire utan at noko namn er oppgjeve.",
    },
    "METHOD_NOT_ALLOWED": {
        "en": "Use GET or POST.",
        "nb": "Bruk GET eller POST.",
        "nn": "Bruk GET eller POST.",
    },
    "MUTATION_NEEDS_POST": {
        "en": "A mutation is sent by POST.",
        "nb": "En endring sendes med POST.",
        "nn": "Ei endring vert send med POST.",
    },
    "INTROSPECTION_NOT_ALLOWED": {
        "en": "The schema does not tell you about itself here. It is in the documentation, as schema.graphql.",
        "nb": "Skjemaet forteller deg ikke om seg selv her. Det står i dokumentasjonen, som schema.graphql.",
        "nn": "Skjemaet fortel deg ikkje om seg sjølv her. Det står i dokumentasjonen, som schema.graphql.",
    },
    "SUBSCRIPTION_NEEDS_WEBSOCKET": {
        "en": "A subscription needs a websocket, or a request that accepts text/event-stream.",
        "nb": "Et abonnement trenger en websocket, eller en forespørsel som godtar text/event-stream.",
        "nn": "Eit abonnement treng ein websocket, eller ein førespurnad som godtek text/event-stream.",
    },
    "SUBSCRIPTIONS_NOT_AVAILABLE": {
        "en": "There are no subscriptions here.",
        "nb": "Det finnes ingen abonnementer her.",
        "nn": "Det finst ingen abonnement her.",
    },
    "BAD_SUBSCRIPTION": {
        "en": "A subscription asks for one field.",
        "nb": "Et abonnement ber om ett felt.",
        "nn": "Eit abonnement bed om eitt felt.",
    },
    "TOO_MUCH_MISSED": {
        "en": "More has happened than is told one by one: read the inbox. The subscription goes on from here.",
        "nb": "Det har skjedd mer enn det fortelles om enkeltvis: les innboksen. Abonnementet fortsetter herfra.",
        "nn": "Det har skjedd meir enn det vert fortalt om enkeltvis: les innboksen. Abonnementet held fram herifrå.",
    },
    "TOO_MANY_OPERATIONS": {
        "en": "A connection carries {limit} operations at once.",
        "nb": "En forbindelse bærer {limit} spørringer om gangen.",
        "nn": "Eit samband ber {limit} spørjingar om gongen.",
    },
    "TOO_MANY_CONNECTIONS": {
        "en": "There are too many connections already. Try again in a while.",
        "nb": "Det er for mange forbindelser allerede. Prøv igjen om litt.",
        "nn": "Det er for mange samband allereie. Prøv igjen om litt.",
    },
    "NOT_ACCEPTABLE": {
        "en": "The answer is application/graphql-response+json or application/json, and the request accepts neither.",
        "nb": "Svaret er application/graphql-response+json eller application/json; forespørselen godtar ingen av dem.",
        "nn": "Svaret er application/graphql-response+json eller application/json; førespurnaden godtek ingen av dei.",
    },
    "UNSUPPORTED_MEDIA_TYPE": {
        "en": "The body of a POST is application/json in UTF-8, not compressed.",
        "nb": "Innholdet i en POST er application/json i UTF-8, ikke komprimert.",
        "nn": "Innhaldet i ein POST er application/json i UTF-8, ikkje komprimert.",
    },
    "BODY_TOO_LARGE": {
        "en": "The body is larger than {limit} bytes.",
        "nb": "Innholdet er større enn {limit} byte.",
        "nn": "Innhaldet er større enn {limit} byte.",
    },
    "BODY_TOO_SLOW": {
        "en": "The body did not arrive in time.",
        "nb": "Innholdet kom ikke fram i tide.",
        "nn": "Innhaldet kom ikkje fram i tide.",
    },
    "URL_TOO_LONG": {
        "en": "The query string is longer than {limit} bytes: use POST.",
        "nb": "Adressen er lengre enn {limit} byte: bruk POST.",
        "nn": "Adressa er lengre enn {limit} byte: bruk POST.",
    },
    "BAD_REQUEST": {
        "en": "The request is not GraphQL over HTTP: a JSON object with `query`, and `variables`, `operationName` and"
        " `extensions` if need be.",
        "nb": "Forespørselen er ikke GraphQL over HTTP: et JSON-objekt med `query`, og om nødvendig `variables`,"
        " `operationName` og `extensions`.",
        "nn": "Førespurnaden er ikkje GraphQL over HTTP: eit JSON-objekt med `query`, og om naudsynt `variables`,"
        " `operationName` og `extensions`.",
    },
    "BATCHING_NOT_SUPPORTED": {
        "en": "Send one operation at a time; a list of them is not taken.",
        "nb": "Send én spørring om gangen; en liste tas ikke imot.",
        "nn": "Send éi spørjing om gongen; ei liste vert ikkje teken imot.",
    },
    "FORBIDDEN_ORIGIN": {
        "en": "The development login answers its own page on this machine only.",
        "nb": "Utviklingsinnloggingen svarer bare sin egen side på denne maskinen.",
        "nn": "Utviklingsinnlogginga svarar berre si eiga side på denne maskina.",
    },
    "PERSONA_NOT_FOUND": {
        "en": "There is no such persona.",
        "nb": "Det finnes ingen slik person.",
        "nn": "Det finst ingen slik person.",
    },
    "NOT_READY": {
        "en": "The database does not answer.",
        "nb": "Databasen svarer ikke.",
        "nn": "Databasen svarar ikkje.",
    },
}


@lru_cache(maxsize=256)
def language_of(accepted: str) -> Language:
    """The best language of an Accept-Language header; English where it names none of ours."""
    best: tuple[float, Language] = (0.0, "en")
    for part in accepted[:400].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = LANGUAGES.get(tag.strip().lower().partition("-")[0])
        if language is None:
            continue
        weight = quality(parameters)
        if weight > best[0]:
            best = (weight, language)
    return best[1]


def quality(parameters: str) -> float:
    """The `q` of a header's part: 1 where it is absent, 0 where it cannot be read."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0


def text(code: str, language: Language, values: Mapping[str, Any] | None = None) -> str:
    """What the code says in the language, its numbers filled in."""
    return TEXTS[code][language].format_map(values or {})


def refused(error: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """An error that refuses a request, in the language. English keeps its own text, which may say more; so do the
    texts of graphql-core on syntax and validation, which are for whoever writes the document."""
    code = error["extensions"]["code"]
    if language == "en" or code not in TEXTS:
        return dict(error)
    return {**error, "message": text(code, language, error["extensions"])}


def met(error: Mapping[str, Any], language: Language, request_id: str) -> dict[str, Any]:
    """An error met while an operation ran: of it, the client gets the code if it is known, the path and the place."""
    extensions = error.get("extensions") or {}
    code = extensions.get("code")
    if not isinstance(code, str) or code not in TEXTS:
        code = UNEXPECTED
    told: dict[str, Any] = {"message": text(code, language, Numbers(extensions))}
    if error.get("locations"):
        told["locations"] = error["locations"]
    if error.get("path"):
        told["path"] = error["path"]
    told["extensions"] = {"code": code} | ({"requestId": request_id} if code == UNEXPECTED else {})
    return told


class Numbers(dict[str, Any]):
    """Numbers of an error, and nothing else of it; a number that is not there is a question mark."""

    def __missing__(self, _key: str) -> str:
        return "?"

    def __getitem__(self, key: str) -> Any:
        value = super().get(key)
        return value if isinstance(value, int) else "?"
