"""The grid in memory: its protective devices as a forest, who is behind which, and where things are. Pure."""

from __future__ import annotations

from services.network.areas import Area
from services.network.devices import Device, DeviceClass
from services.network.ground import Customer, Switch
from services.network.network import Network
from services.network.places import Place, distance_m
from services.network.tables import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, NodeRow, Tier

__all__ = [
    "Area",
    "BranchKind",
    "BranchRow",
    "Customer",
    "CustomerRow",
    "Device",
    "DeviceClass",
    "FeederRow",
    "GridTables",
    "Network",
    "NodeRow",
    "Place",
    "Switch",
    "Tier",
    "distance_m",
]
