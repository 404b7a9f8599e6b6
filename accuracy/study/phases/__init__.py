"""The phases of a run: sweep and judge the time steps (`sweeping`), then measure what was found (`measuring`)."""
