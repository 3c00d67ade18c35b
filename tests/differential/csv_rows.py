"""Reads CSV files as Python's csv module does, strictly: the rows of each as JSON, or what is wrong."""

import csv
import io
import json
import sys

answers = []
for text in json.load(sys.stdin):
    try:
        answers.append([row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row])
    except csv.Error as error:
        answers.append(str(error))
json.dump(answers, sys.stdout)
