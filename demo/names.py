"""Names that nobody bears: an adjective and a noun, as the tax administration's synthetic people have them."""

# ruff: noqa: SIM905 - names read better as lines of text than as a list of three hundred strings
from __future__ import annotations

from random import Random

GIVEN = """
Aktiv Allsidig Ansvarlig Behagelig Beleven Beskjeden Blid Blå Brun Dannet Direkte Djerv Dypsindig Effektiv Egen Ekte
Elegant Enkel Erfaren Ettertenksom Fager Fantasifull Fargerik Fin Flott Forsiktig Fortreffelig Framsynt Fredelig Frisk
Frodig Fryktløs Gavmild Gild Glad Glitrende Grei Grønn Gul Gyllen Handlekraftig Harmonisk Hellig Hjelpsom Humoristisk
Høflig Idérik Ivrig Kjapp Kjekk Klok Klartenkt Kreativ Kry Lang Lett Livlig Lojal Lur Lykkelig Lystig Lys Mild Modig
Morsom Munter Myk Målrettet Naturlig Nett Nobel Nyttig Nøysom Nøyaktig Oppmerksom Opplagt Ordknapp Original Pen Poetisk
Praktisk Presis Pålitelig Rak Rask Raus Rolig Romslig Rosa Rød Rørlig Samarbeidsvillig Sindig Skarp Skjønn Smart Smidig
Snill Sosial Spontan Sprek Spretten Stabil Staselig Stille Stolt Storsinnet Sunn Søt Taktfull Tapper Tenksom Tålmodig
Trofast Trygg Uredd Usedvanlig Utholdende Vakker Vennlig Verdig Viktig Vital Voksen Våken Ydmyk Ymse Æret Ærlig Ønsket
Åpen Åpenhjertig Åpenbar
""".split()

FAMILY = """
Alm Anemone Ask Avis Bakke Banan Bekk Benk Birk Bjelle Blomst Blyant Bok Bolle Bord Bregne Bris Bro Brygge Bukett Busk
Bær Bølge Båt Dal Damp Dør Eik Einer Eng Eple Erle Ert Esel Falk Fasan Fele Fjell Fjord Fjær Fløyte Flåte Foss Fugl Fure
Furu Fyrlykt Gaffel Gaupe Gitar Gjerde Gran Grue Gulrot Gås Hage Hare Harpe Hassel Hatt Havn Hegre Hei Hest Hjort Holme
Hytte Høst Hår Iglo Ill Istapp Jakke Jolle Jord Kaffe Kanal Kano Kappe Kastanje Kirsebær Kiste Kjegle Klippe Klokke
Kløver Knapp Kopp Korg Kråke Kube Kule Kyst Lakk Laks Lampe Lavendel Lekse Lerke Lilje Linde Loft Lomme Lue Lykt Lyng
Lønn Lås Maur Melodi Mose Mur Mølle Måke Måltid Måne Nisse Nype Nål Oktav Ole Orgel Orkide Orre Osp Ost Pai Panne
Parasoll Perle Pil Pilar Plante Plomme Potet Primula Puddel Pære Radio Rabarbra Rev Ring Ripsbusk Rogn Rose Rute Rype
Røyk Sag Saks Sandal Sang Seil Sel Selje Sirkel Skje Skog Sky Skål Slette Slips Snø Sokk Sol Spade Spurv Stein Stige
Stjerne Stol Strand Struts Sving Svale Symfoni Syrin Sølje Tallerken Tang Terne Tiur Tomat Topp Torsk Tranebær Trapp
Tulipan Tur Tyttebær Tøffel Ugle Ull Vase Vei Vest Vifte Vind Vinter Viol Vugge Ørn Østers Øy Åker Ål Ås
""".split()


def given_name(rng: Random) -> str:
    return rng.choice(GIVEN)


def family_name(rng: Random) -> str:
    return rng.choice(FAMILY)


STREETS = """
Bekkeblomveien Bjørnefaret Blåbærstien Blåklokkeveien Einerkollen Ekornstien Engsoleia Fiolveien Gaupefaret
Gjøkeveien Harestien Hegreveien Hestehovveien Hvitveisbakken Kløverenga Konglestien Lerkefaret Linerleveien
Liljekonvallveien Lyngkollen Løvetannveien Mosestien Nattergalveien Orrhanefaret Prestekragestien Ravnekollen
Reveenka Rypefaret Røsslyngveien Skogstjernestien Smørbukkveien Snøklokkeveien Solsikkeveien Spurvestien
Svalefaret Tiurleiken Trollhaugen Ugleveien Åkerrikseveien Ørnekollen
""".split()
"""Streets of a town that is not there."""
