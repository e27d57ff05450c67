"""The operating system of the appliance: what runs, what answers, what lasts."""

import pytest

from .network import OPEN, REFUSED, SILENT, ask_mdns, knock

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRvLW5vdC11c2UtdGhpcy1rZXktaXQtaXMtYS1zYW1w owner\n"


def test_it_boots_without_a_failed_unit(running):
    assert running.failed_units() == []


def test_nothing_below_usr_can_be_written(running):
    done = running.run("touch", "/usr/lib/intruder", check=False)
    assert "Read-only file system" in done.stderr


def test_every_machine_has_its_own_identity(make_machine):
    first, second = make_machine().boot(), make_machine().boot()
    identities = [machine.run("cat", "/etc/machine-id").strip() for machine in (first, second)]
    assert all(len(identity) == 32 for identity in identities) and len(set(identities)) == 2


def test_identity_and_journal_last_over_a_reboot(make_machine):
    machine = make_machine().boot()
    before = machine.run("cat", "/etc/machine-id")
    machine.run("systemd-cat", "--identifier=test", "echo", "said before")
    machine.reboot()
    assert machine.run("cat", "/etc/machine-id") == before
    assert "said before" in machine.run("journalctl", "--identifier=test", "--output=cat")


def test_it_comes_back_after_a_power_cut(make_machine):
    machine = make_machine().boot()
    machine.run("sh", "-c", "echo kept > /var/lib/openhaven/kept && sync")
    machine.cut_power()
    machine.boot()
    assert machine.run("cat", "/var/lib/openhaven/kept") == "kept\n"
    assert machine.failed_units() == []


MATTERS = ("/boot", "/usr", "/etc/openhaven", "/var/lib/openhaven", "/var/lib/openhaven/update", "/var/lib/containers",
           "/run/podman/podman.sock")


def test_who_shows_the_pages_can_write_nothing_that_matters(running):
    running.run("systemctl", "start", "haven-welcome.service")
    process = running.run("systemctl", "show", "--value", "--property=MainPID", "haven-welcome.service").strip()
    inside = ["nsenter", f"--target={process}", "--mount", "setpriv", "--reuid=haven-welcome", "--regid=haven-welcome", "--clear-groups"]
    running.run(*inside, "test", "-d", "/usr")
    writable = [place for place in MATTERS if running.run(*inside, "test", "-w", place, check=False).returncode == 0]
    assert writable == []


# Network

def test_nobody_listens_to_the_network_but_for_names_and_the_proxy(running):
    listening = {line.split()[4] for line in running.run("ss", "-Hltnu").splitlines()}
    everywhere = ("0.0.0.0:", "[::]:", "*:", running.address, f"[{running.address6}]")
    assert {address.rpartition(":")[2] for address in listening if address.startswith(everywhere)} <= {"5353", "80", "443"}


@pytest.mark.parametrize("port", [22, 53, 111, 2019, 5355, 8080])
def test_a_closed_port_is_silent(running, port):
    assert knock(running.address, port) == SILENT
    assert knock(running.address6, port) == SILENT


@pytest.mark.parametrize("port", [80, 443])
def test_the_proxys_ports_are_never_silent(running, port):
    assert knock(running.address, port) in (OPEN, REFUSED)


def test_a_listener_that_nobody_allowed_cannot_be_reached(running):
    running.run("systemd-run", "--unit=stray", "--collect", "nc", "-lk", "9000")
    running.wait_until(lambda: ":9000" in running.run("ss", "-Hltn"), "the stray program listens")
    assert knock(running.address, 9000) == SILENT
    running.run("systemctl", "stop", "stray")


def test_it_answers_to_openhaven_local(running):
    found = running.wait_until(lambda: ask_mdns("openhaven.local", running.link.lab_address), "openhaven.local is answered")
    assert running.address in found


def test_it_stays_offline_when_the_firewall_does_not_load(make_machine):
    machine = make_machine()
    broken = machine.state / "etc/systemd/system/haven-firewall.service.d/broken.conf"
    broken.parent.mkdir()
    broken.write_text("[Service]\nExecStart=\nExecStart=/bin/false\n")
    machine.boot()
    assert "haven-firewall.service" in machine.failed_units()
    assert machine.address not in machine.run("ip", "-brief", "address")


def test_a_mistake_in_the_owners_rules_leaves_the_firewall_as_it_is(make_machine):
    machine = make_machine()
    (machine.state / "etc/openhaven").mkdir(exist_ok=True)
    (machine.state / "etc/openhaven/firewall.nft").write_text("flush rulset\n")
    machine.boot()
    assert machine.failed_units() == ["haven-firewall-owner.service"]
    assert knock(machine.address, 22) == SILENT
    assert knock(machine.address, 80) in (OPEN, REFUSED)


def test_the_owner_can_open_a_port(make_machine):
    machine = make_machine()
    (machine.state / "etc/openhaven").mkdir(exist_ok=True)
    (machine.state / "etc/openhaven/firewall.nft").write_text("add element inet haven open_tcp { 9000 }\n")
    machine.boot()
    assert knock(machine.address, 9000) == REFUSED
    machine.run("systemctl", "reload", "haven-firewall")
    machine.wait_until(lambda: knock(machine.address, 9000) == REFUSED, "the port is open after a reload")


# ssh

def test_ssh_opens_when_the_owner_gives_a_key_and_stays_open(make_machine):
    machine = make_machine().boot()
    assert knock(machine.address, 22) == SILENT
    machine.run("tee", "/root/.ssh/authorized_keys", stdin=KEY)
    machine.wait_until(lambda: knock(machine.address, 22) == OPEN, "ssh answers")
    machine.run("systemctl", "reload", "haven-firewall")
    machine.wait_until(lambda: knock(machine.address, 22) == OPEN, "ssh answers after a reload")
    machine.reboot()
    machine.wait_until(lambda: knock(machine.address, 22) == OPEN, "ssh answers after a restart")


def test_ssh_opens_with_a_key_from_a_credential(make_machine):
    machine = make_machine(credentials={"ssh.authorized_keys.root": KEY}).boot()
    machine.wait_until(lambda: knock(machine.address, 22) == OPEN, "ssh answers")


def test_ssh_takes_no_password(make_machine):
    machine = make_machine(credentials={"ssh.authorized_keys.root": KEY}).boot()
    settings = machine.run("sshd", "-T").splitlines()
    assert "passwordauthentication no" in settings
    assert "kbdinteractiveauthentication no" in settings
    assert "permitrootlogin without-password" in settings


# cloud-init

def test_a_machine_without_a_source_boots_without_cloud_init(running):
    assert running.run("systemctl", "is-active", "cloud-init-main", check=False).stdout.strip() == "inactive"


@pytest.mark.parametrize("sample", ["claim", "claim-and-ssh", "home-name"])
def test_user_data_brings_the_domain(make_machine, sample):
    text = open(f"cloud-init/samples/{sample}.yaml").read()
    machine = make_machine(user_data=text).boot()
    status = machine.run("cloud-init", "status", "--long", check=False)
    assert "status: done" in status.stdout and "degraded" not in status.stdout, status.stdout
    assert machine.run("cat", "/run/openhaven/claim/domain").strip() in text
    expected = OPEN if "ssh_authorized_keys" in text else SILENT
    machine.wait_until(lambda: knock(machine.address, 22) == expected, f"port 22 is {expected}")
