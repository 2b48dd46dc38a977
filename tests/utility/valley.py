"""A small utility as a folder that says everything a folder can say, and ways to break it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.utility.folder import FolderProblems, read_folder
from services.utility.problems import Code, Problem

FILES = {
    "utility.csv": (
        "name,time_zone,attribution,languages,quiet_from,quiet_until,country,texts_a_day\n"
        "Valley Power,Europe/Berlin,ours,en zh,21:30,06:30,DE-MV,9\n"
    ),
    "feeders.csv": (
        "feeder,name,substation,source_node,lon,lat,region\nF1,North,S1,n0,11.0,53.0,N\nF2,South,S1,m0,11.0,53.0,N\n"
    ),
    "nodes.csv": (
        "node,lon,lat,pole\n"
        "n0,11.0,53.0,\n"
        "n1,11.01,53.0,P1\n"
        "n2,11.02,53.0,P2\n"
        "n3,11.02,53.0001,P2\n"
        "m0,11.0,53.0,\n"
        "m1,11.0,52.9,P3\n"
    ),
    "branches.csv": (
        "id,kind,from_node,to_node,normal_state,phases,length_m,type_code,rating,feeder,rated,device_number,telemetered\n"
        "1,switch,n0,n1,closed,ABC,,29,,F1,630,D-1,1\n"
        "1,mv_line,n1,n2,closed,ABC,670.5,,,F1,,,\n"
        "T1,transformer,n2,n3,closed,ABC,,,100,F1,100,D-2,\n"
        "2,switch,m0,m1,closed,ABC,,29,,F2,,D-3,0\n"
        "3,switch,n2,m1,open,ABC,,19,,F1,,,\n"
    ),
    "customers.csv": (
        "customer,node,transformer,feeder,level,class,active,connected_on,meter,phones,"
        "service_point,phases,kva,tier,language,consent,life_support\n"
        "C1,n3,T1,F1,LV,RE1,1,2020-01-31,E7,+4915100000001; +4915100000002,SP-1,A,3.5,residential,zh,0,1\n"
        "C2,m1,,F2,MV,CO1,1,,,,,,,large,,,\n"
    ),
    "regions.csv": "region,name\nN,North\n",
    "depots.csv": "depot,name,region,lon,lat\nD1,Yard,N,11.0,53.0\n",
    "crews.csv": "crew,depot,skills,certificates,kit,members,barred\n"
    "C-1,D1,line;service,HV,bucket;ladder,3,53.1/11.2/800;53.2/11.3/50\nC-2,D1,service,,,,\n",
    "shifts.csv": "crew,weekday,starts,ends,kind\nC-1,mon-fri,07:00,19:00,duty\nC-2,sat;sun,19:00,07:00,standby\n",
    "accounts.csv": "account,name,language\nL1,Mill,zh\n",
    "premises.csv": "account,customer\nL1,C2\n",
    "contacts.csv": (
        "account,contact,name,phone,rank,wait_s,language\n"
        "L1,night,Gate,+4915100000011,1,90,\n"
        "L1,day,Office,+4915100000012,2,,en\n"
    ),
    "rosters.csv": "account,contact,weekday,starts,ends\nL1,day,mon-fri,08:00,17:00\n",
    "agreements.csv": (
        "agreement,item,account,tier,service_hours,valid_from,valid_until,"
        "arrive_within_min,restore_within_min,announce_days,most_interruptions,availability\n"
        "G1,Supply,L1,,24x7,2026-01-01,2026-12-31,30,240,7,3,0.9995\n"
        "G2,Repairs,,residential,mon-fri 08:00-17:00,2026-01-01,,90,,,,\n"
    ),
    "windows.csv": (
        "window,isolates,starts,ends,work\n"
        "W1,switch:2 transformer:T1,2026-03-02T09:00,2026-03-02T12:00,New poles\n"
        "W2,switch:1,2026-07-01T07:00+00:00,2026-07-01T10:00+02:00,\n"
    ),
    "holidays.csv": "day,name\n2026-12-25,Christmas Day\n",
    "channels.csv": (
        "customer,channel,address,language,quiet_from,quiet_until,moments\n"
        "C1,text,+4915100000001,en,23:00,05:00,outage;restored\n"
        "C1,email,c1@example.org,,,,\n"
        "C2,webhook,https://example.org/power?of=C2,,,,\n"
        "C2,voice,+4915100000013,zh,,,safety\n"
    ),
    "quiet_hours.csv": "kind,from,until,tier\nestimate,20:00,09:00,\nestimate,00:00,00:00,large\nplanned,19:00,08:00,\n",
}


def write(folder: Path) -> Path:
    """Write the whole folder."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Replace in a file what is there once; several changes add up."""
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} must be in {file} once"
    (folder / file).write_text(text.replace(old, new), encoding="utf-8", newline="")


def problems_of(folder: Path) -> list[tuple[str, int | None, str | None, Code]]:
    """Return the places and codes of everything that is wrong, remarks left out."""
    with pytest.raises(FolderProblems) as raised:
        read_folder(folder)
    return [place_of(problem) for problem in raised.value.problems if not problem.warning]


def warnings_of(folder: Path) -> list[tuple[str, int | None, str | None, Code]]:
    """Return the places and codes of what is remarked."""
    return [place_of(problem) for problem in read_folder(folder).warnings]


def place_of(problem: Problem) -> tuple[str, int | None, str | None, Code]:
    """Return where a problem is and its code; every sentence ends."""
    assert problem.sentence.endswith(".")
    return problem.file, problem.line, problem.column, problem.code
