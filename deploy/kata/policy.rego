# What the host may ask of the guest. It is part of initdata, whose digest is in the hardware's report: a host that wants
# another policy gets another measurement, and no job. Everything not named here is refused.
# @…@ are filled in by `node deploy/measure.ts initdata`.
package agent_policy

import future.keywords.every
import future.keywords.if
import future.keywords.in

default AddARPNeighborsRequest := true
default AddSwapRequest := false
default CloseStdinRequest := false
default CopyFileRequest := false
default CreateContainerRequest := false
default CreateSandboxRequest := true
default DestroySandboxRequest := true
default ExecProcessRequest := false
default GetDiagnosticDataRequest := false
default GetMetricsRequest := false
default GetOOMEventRequest := true
default GuestDetailsRequest := true
default ListInterfacesRequest := true
default ListRoutesRequest := true
default MemAgentCompactConfig := false
default MemAgentMemcgConfig := false
default MemHotplugByProbeRequest := false
default OnlineCPUMemRequest := true
default PauseContainerRequest := false
default PullImageRequest := false
default ReadStreamRequest := false
default RemoveContainerRequest := true
default RemoveStaleVirtiofsShareMountsRequest := true
default ReseedRandomDevRequest := false
default ResumeContainerRequest := false
default SetGuestDateTimeRequest := false
default SetIPTablesRequest := false
default SetPolicyRequest := false
default SignalProcessRequest := true
default StartContainerRequest := true
default StartTracingRequest := false
default StatsContainerRequest := true
default StopTracingRequest := false
default TtyWinResizeRequest := false
default UpdateContainerRequest := false
default UpdateEphemeralMountsRequest := false
default UpdateInterfaceRequest := true
default UpdateRoutesRequest := true
default VolumeStatsRequest := false
default WaitProcessRequest := true
default WriteStreamRequest := false

# Name resolution only; the name of a file may not climb out of its folder.
CopyFileRequest if {
	regex.match(`^/run/kata-containers/shared/containers/[a-zA-Z0-9._-]+-(resolv\.conf|hosts|hostname)$`, input.path)
}

# Exactly two containers: the sandbox's own and the worker. Another image, command, mount or setting is another worker.
CreateContainerRequest if {
	pulled_from(pause_image)
	input.OCI.Process.Args == ["/pause"]
	plain
}

CreateContainerRequest if {
	pulled_from(worker_image)
	input.OCI.Process.Args == worker_args
	every setting in input.OCI.Process.Env {
		allowed_setting(setting)
	}
	plain
}

pulled_from(image) if {
	count([storage | storage := input.storages[_]; storage.driver == "image_guest_pull"]) == 1
	some storage in input.storages
	storage.driver == "image_guest_pull"
	storage.source == image
}

plain if {
	input.OCI.Process.NoNewPrivileges == true
	every mount in input.OCI.Mounts {
		allowed_mount(mount)
	}
	every storage in input.storages {
		storage.driver in {"image_guest_pull", "ephemeral", "local"}
	}
	not input.OCI.Hooks
}

# Memory of the guest and the kernel's own; nothing of the host is mounted over the program or its weights.
allowed_mount(mount) if mount.type_ in {"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup"}

allowed_mount(mount) if mount.destination in {"/etc/resolv.conf", "/etc/hosts", "/etc/hostname", "/dev/shm", "/tmp"}

# Fixed: the network, the pinned broker, where evidence and models are. Free: the owner's token, address and wallet.
allowed_setting(setting) if setting in fixed_settings

allowed_setting(setting) if {
	some name in {"CHRYSALIS_JOIN", "CHRYSALIS_GATEWAY_URL", "CHRYSALIS_PAYOUT", "CHRYSALIS_SLOTS", "CHRYSALIS_THREADS", "HOSTNAME"}
	startswith(setting, concat("", [name, "="]))
}

# What Kubernetes adds by itself.
allowed_setting(setting) if regex.match(`^KUBERNETES_[A-Z0-9_]+=[a-z0-9.:/]*$`, setting)

fixed_settings := {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
	"NODE_ENV=production",
	"CHRYSALIS_MODELS=/models",
	"CHRYSALIS_TEE=coco",
	"CHRYSALIS_NET=@NET@",
	"CHRYSALIS_BROKER_KEY=@BROKER_KEY@",
	"CHRYSALIS_GPU=@GPU@",
	"CHRYSALIS_TEXT_MODEL=@TEXT_MODEL@",
	"CHRYSALIS_SPEECH_MODEL=@SPEECH_MODEL@",
}

pause_image := "@PAUSE_IMAGE@"

worker_image := "@WORKER_IMAGE@"

worker_args := ["/nodejs/bin/node", "--disable-warning=ExperimentalWarning", "--disable-sigusr1", "--disallow-code-generation-from-strings", "src/cli.ts", "worker"]
