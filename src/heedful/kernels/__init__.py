"""Native code where it is measured to pay, one C++ file for each kernel, built when Heedful is installed."""
