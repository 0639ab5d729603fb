"""x"""
from planner.channels.sandbox.wire import Routes, answer

routes = Routes("world", lambda status, why: answer({"error": why}, status))
