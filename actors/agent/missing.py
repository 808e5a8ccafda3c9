"""Flags of `mesos-agent` whose feature is not there yet: each is refused, and says why.

A value that asks for what happens anyway is accepted: it is the default of mesos-flags.tsv.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.flags import Missing

#: By reason, the flags and the value of each that is accepted.
_BY_REASON: Final[Mapping[str, Mapping[str, str | None]]] = {
    "there are no resource providers yet": {
        "resource_provider_config_dir": None,
        "csi_plugin_config_dir": None,
        "disk_profile_adaptor": None,
    },
    "what is needed of Mesos' own programs is part of this one": {
        "launcher_dir": None,
        "docker_mesos_image": None,
    },
    "volumes belong to the users that use them": {
        "volume_gid_range": None,
        "docker_volume_chown": "false",
    },
    "the isolators that they are for are not there": {
        "cgroups_net_cls_primary_handle": None,
        "cgroups_net_cls_secondary_handles": None,
        "perf_events": None,
        "perf_interval": "60secs",
        "perf_duration": "10secs",
        "nvidia_gpu_devices": None,
        "xfs_project_range": "[5000-10000]",
        "xfs_kill_containers": "false",
        "xfs_quota_headroom": "10MB",
        "docker_volume_checkpoint_dir": "/var/run/mesos/isolators/docker/volume",
    },
    "what does not end is killed until it does": {
        "cgroups_destroy_timeout": "60secs",
    },
    "processes and threads of containers are always counted": {
        "cgroups_cpu_enable_pids_and_tids_count": "false",
    },
    "the agent itself is in no control group of Pion's": {
        "agent_subsystems": None,
        "slave_subsystems": None,
    },
    "no resources are revocable yet": {
        "revocable_cpu_low_priority": "true",
    },
    "the executor node outlives the agent without systemd's help": {
        "systemd_enable_support": "true",
        "systemd_runtime_directory": "/run/systemd/system",
    },
    "what was launched is looked at from the start": {
        "ingress_isolate_existing_containers": "true",
    },
    "containers of Mesos have no images yet": {
        "image_providers": None,
        "image_provisioner_backend": None,
        "image_gc_config": None,
        "appc_simple_discovery_uri_prefix": "http://",
        "appc_store_dir": None,
        "docker_registry": "https://registry-1.docker.io",
        "docker_store_dir": None,
        "docker_ignore_runtime": "false",
    },
    "files are fetched by http, https and from this host, not by Hadoop": {
        "hadoop_home": None,
    },
    "the paths of HTTP are all served, at --port": {
        "firewall_rules": None,
        "advertise_port": None,
    },
    "executors reach their agent by TCP": {
        "domain_socket_location": None,
        "http_executor_domain_sockets": "false",
    },
    "built-in executors are actors, and need no HTTP": {
        "http_command_executor": "false",
    },
    "what takes memory is not profiled": {
        "memory_profiling": "false",
    },
    "Pion does not authenticate or authorize anybody yet": {
        "authentication_backoff_factor": "1secs",
        "authentication_timeout_min": "5secs",
        "authentication_timeout_max": "1mins",
        "jwt_secret_key": None,
        "executor_secret_key": None,
        "credential": None,
        "acls": None,
        "authenticatee": "crammd5",
        "authorizer": "local",
        "http_authenticators": None,
        "authenticate_http_readwrite": "false",
        "authenticate_http_readonly": "false",
        "authenticate_http_executors": "false",
        "http_credentials": None,
        "secret_resolver": None,
    },
    "executors find their agent again by themselves": {
        "executor_reregistration_retry_interval": None,
    },
    "containers are not made through the agent yet": {
        "gc_non_executor_container_sandboxes": "false",
    },
    "lines are logged at once": {
        "logbufsecs": "0",
        "initialize_driver_logging": "true",
    },
    "the features of an agent are fixed": {
        "agent_features": None,
    },
    "stdout and stderr go to the sandbox; --container_log_max_size has those of Docker rotated": {
        "container_logger": None,
    },
    "containers of Mesos have no networks of their own yet": {
        "ephemeral_ports_per_container": "1024",
        "eth0_name": None,
        "lo_name": None,
        "egress_rate_limit_per_container": None,
        "egress_rate_per_cpu": None,
        "minimum_egress_rate_limit": None,
        "maximum_egress_rate_limit": None,
        "egress_ceil_limit": None,
        "egress_burst": None,
        "egress_unique_flow_per_container": "false",
        "egress_flow_classifier_parent": "root",
        "ingress_rate_limit_per_container": None,
        "ingress_rate_per_cpu": None,
        "minimum_ingress_rate_limit": None,
        "maximum_ingress_rate_limit": None,
        "ingress_ceil_limit": None,
        "ingress_burst": None,
        "network_link_speed": None,
        "network_enable_socket_statistics_summary": "false",
        "network_enable_socket_statistics_details": "false",
        "network_enable_snmp_statistics": "false",
        "network_enable_rate_statistics": "false",
        "network_rate_statistics_window": None,
        "network_rate_statistics_interval": None,
        "network_cni_plugins_dir": None,
        "network_cni_config_dir": None,
        "network_cni_root_dir_persist": "false",
        "network_cni_metrics": "true",
        "ip6": None,
        "ip6_discovery_command": None,
    },
    "there are no modules: plug in actors of Python instead": {
        "modules": None,
        "modules_dir": None,
        "hooks": None,
    },
    "there is no oversubscription yet": {
        "resource_estimator": None,
        "qos_controller": None,
        "qos_correction_interval_min": "0secs",
        "oversubscribed_resources_interval": "15secs",
    },
    "there are no detectors to plug in: give --master": {
        "master_detector": None,
    },
    "give --ip": {
        "ip_discovery_command": None,
    },
    "there are no fault domains yet": {
        "domain": None,
    },
}

MISSING: Final[Mapping[str, Missing]] = {
    name: Missing(reason, accepted)
    for reason, flags in _BY_REASON.items()
    for name, accepted in flags.items()
}
