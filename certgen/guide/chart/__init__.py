"""Flowcharts with a lane for each role, from the steps of an item.

steps   what a chart says, and what is wrong with it
place   which row each step stands in, and which port each exit leaves by
route   lines that turn at right angles and never run through a step
draw    the chart as marks on a sheet, and as a list to be read aloud
"""

from certgen.guide.chart.draw import Drawn, draw, narrate
from certgen.guide.chart.steps import Chart, Exit, Step, check_chart

__all__ = ["Chart", "Drawn", "Exit", "Step", "check_chart", "draw", "narrate"]
