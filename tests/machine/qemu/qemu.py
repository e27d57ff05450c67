"""Words for QEMU: the machine that `stratify run` makes, as an argument vector."""

import base64
import pathlib
import re
import shutil
import subprocess

OVMF = pathlib.Path("/usr/share/OVMF")
PORTS = (22, 80, 443, 9443)


def command(folder, address, *, firmware, processors, credentials, seed, resume_from, watchdog, ends_at_restart, record, usb):
    words = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "q35", "-vga", "std", "-display", "none",
             *(["-no-reboot"] if ends_at_restart else []), "-action", f"watchdog={watchdog}", "-smp", str(processors), "-m", "2048",
             *_processor(), *_firmware(firmware, folder),
             *(_recorded_disk(folder / "disk.qcow2", record) if record else _disk("disk", folder / "disk.qcow2")),
             "-netdev", "user,id=net" + "".join(f",hostfwd=tcp:{address}:{port}-:{port}" for port in PORTS),
             "-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci", "-device", "i6300esb", *(["-device", "qemu-xhci"] if usb else []),
             "-chardev", f"socket,id=console,path={folder}/console", "-serial", "chardev:console",
             "-chardev", f"socket,id=monitor,path={folder}/monitor,server=on,wait=off", "-mon", "monitor"]
    if seed:
        words += _disk("seed", seed)
    if resume_from:
        words += ["-incoming", f"file:{resume_from}"]
    for name, value in credentials.items():
        text = base64.b64encode(value.encode()).decode()
        words += ["-smbios", f"type=11,value=io.systemd.credential.binary:{name}={text}"]
    return words


def _processor():
    """KVM only where the processor has it: the device node alone may open and still not run an ordinary guest."""
    can_virtualise = re.search(r"^flags.*\b(vmx|svm)\b", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return ["-accel", "kvm", "-cpu", "host"] if can_virtualise else ["-accel", "tcg,thread=multi", "-cpu", "max"]


def _firmware(firmware, folder):
    if firmware == "bios":
        return []
    variables = folder / "variables.fd"
    if not variables.exists():
        shutil.copyfile(OVMF / "OVMF_VARS_4M.fd", variables)
    return ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF}/OVMF_CODE_4M.fd",
            "-drive", f"if=pflash,unit=1,format=raw,file={variables}"]


def _disk(name, path):
    """Unsafe towards a power cut of the host only: what the guest flushed outlives the death of QEMU."""
    kind = "qcow2" if path.suffix == ".qcow2" else "raw,readonly=on"
    return ["-drive", f"if=none,id={name},format={kind},cache=unsafe,discard=unmap,file={path}",
            "-device", f"virtio-blk-pci,drive={name}"]


def _recorded_disk(path, log):
    """The disk, with every write and flush of the guest noted in a log (tests/powercut/log.py reads it).

    Requests are not merged: a merged one has as many parts as the kernel takes (IOV_MAX), and the log's head would be two more.
    """
    log.touch()
    return ["-blockdev", f"driver=qcow2,node-name=kept,file.driver=file,file.filename={path},cache.no-flush=on,discard=unmap",
            "-blockdev", f"driver=raw,node-name=log,file.driver=file,file.filename={log},cache.no-flush=on",
            "-blockdev", "driver=blklogwrites,node-name=disk,file=kept,log=log,log-sector-size=512",
            "-device", "virtio-blk-pci,drive=disk,request-merging=off"]


def make_overlay(path, image, gibibytes):
    """A disk that begins as the image and takes only what is written. Larger than it, so that the root has to grow."""
    kind = "qcow2" if image.suffix == ".qcow2" else "raw"
    _tool("qemu-img", "create", "-q", "-f", "qcow2", "-F", kind, "-b", image.resolve(), path, f"{gibibytes}G")


def make_seed(folder, user_data):
    """The volume cloud-init's NoCloud looks for, with user-data on it."""
    seed = folder / "seed.img"
    _tool("mkfs.fat", "-n", "CIDATA", "-C", seed, "1024")
    for name, text in (("user-data", user_data), ("meta-data", "instance-id: openhaven-test\n")):
        (folder / name).write_text(text)
        _tool("mcopy", "-i", seed, folder / name, f"::{name}")
    return seed


def make_stick(path, label, folder):
    """A USB stick (FAT) that holds what a folder does."""
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) // 1024 + 64 * 1024
    _tool("mkfs.fat", "-F", "32", "-n", label, "-C", path, str(size))
    _tool("mcopy", "-s", "-i", path, *folder.iterdir(), "::")
    return path


def _tool(*words):
    subprocess.run(list(map(str, words)), check=True, stdout=subprocess.DEVNULL)
