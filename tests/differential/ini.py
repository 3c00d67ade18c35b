"""Reads a JSON list of texts of ini files; writes what Python's configparser makes of each, raw and interpolated."""

import configparser
import io
import json
import sys


def read(parser, text):
    # newline=None: as a file that is opened in text mode
    parser.read_file(io.StringIO(text, newline=None), "x.ini")
    return parser


def raw(text):
    try:
        parser = read(configparser.RawConfigParser(), text)
    except configparser.Error:
        return None
    return [[section, [[key, parser.get(section, key)] for key in parser.options(section)]] for section in parser.sections()]


def value(parser, section, key):
    try:
        return parser.get(section, key)
    except configparser.InterpolationError:
        return None


def interpolated(text):
    try:
        parser = read(configparser.ConfigParser({"here": "/some/where"}), text)
    except configparser.Error:
        return None
    return [
        [section, sorted([key, value(parser, section, key)] for key in parser.options(section))]
        for section in parser.sections()
    ]


json.dump([[raw(text), interpolated(text)] for text in json.load(sys.stdin)], sys.stdout)
