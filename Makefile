# Every task that a person does. Each target installs what it needs, or says what is missing.
# The work is done by the scripts in scripts/; V=1 shows what they run.

SHELL := /bin/bash
PREFIX ?= /usr/local
DESTDIR ?=
export PREFIX DESTDIR V

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build demo lessons test check lint format bench cross docs soak sanitize audit install uninstall dist stranger clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the command, the C library, the Python package (in .venv) and the jar
	@scripts/build

demo: ## run every client language against every server language
	@scripts/demo

lessons: ## run the lessons again and rewrite their pages; CHECK=1: compare instead; LESSON=NAME: one of them
	@scripts/lessons $(if $(CHECK),--check) $(LESSON)

test: ## run every test and lint; SUITES="rust c" runs those alone
	@scripts/test $(SUITES)

check: ## check formats, lints and the fast tests of what has changed since the last commit
	@scripts/check

lint: ## check formats and lints of every language
	@scripts/lint

format: ## format the code of every language
	@scripts/format

bench: ## measure the servers beside others, and calls beside each language's own; QUICK=1: fewer
	@scripts/bench $(if $(QUICK),--quick)

cross: ## build for other systems and processors, run what runs here, and print a table; TARGETS="NAME...": those alone
	@scripts/cross $(TARGETS)

docs: ## make the documentation site, with the API reference of each language, in target/docs/site
	@scripts/docs

soak: ## ask servers of every kind for ten million requests each; REQUESTS=N for so many
	@scripts/soak $(if $(REQUESTS),--requests $(REQUESTS))

sanitize: ## run the tests under AddressSanitizer, LeakSanitizer and ThreadSanitizer
	@scripts/sanitize

audit: ## check the crates that capsock depends on: licences, sources, duplicates, advisories
	@scripts/audit

install: ## install the command and the C library under PREFIX (/usr/local), below DESTDIR
	@scripts/install

uninstall: ## remove what install has put under PREFIX, below DESTDIR
	@scripts/uninstall

dist: ## make the files of a release in dist/, for every system; HERE=1: of this machine's own build; TARGETS="NAME..."
	@scripts/dist $(if $(HERE),--here) $(TARGETS)

stranger: ## type README's lines as somebody who has nothing but the files of dist/
	@scripts/stranger

clean: ## remove everything that the other targets made
	@scripts/clean
