"""Executors: who carries out attempts. Each implements `engine.ports.executor.Executor`."""
