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
    "tasks are plain processes, not isolated from one another yet": {
        "isolation": "posix/cpu,posix/mem",
        "launcher": "posix",
        "launcher_dir": None,
        "volume_gid_range": None,
        "cgroups_destroy_timeout": "60secs",
        "cgroups_hierarchy": "/sys/fs/cgroup",
        "cgroups_root": "mesos",
        "cgroups_enable_cfs": "false",
        "cgroups_limit_swap": "false",
        "cgroups_cpu_enable_pids_and_tids_count": "false",
        "cgroups_net_cls_primary_handle": None,
        "cgroups_net_cls_secondary_handles": None,
        "allowed_devices": None,
        "agent_subsystems": None,
        "slave_subsystems": None,
        "host_path_volume_force_creation": None,
        "nvidia_gpu_devices": None,
        "perf_events": None,
        "perf_interval": "60secs",
        "perf_duration": "10secs",
        "revocable_cpu_low_priority": "true",
        "systemd_enable_support": "true",
        "systemd_runtime_directory": "/run/systemd/system",
        "effective_capabilities": None,
        "allowed_capabilities": None,
        "bounding_capabilities": None,
        "default_container_shm_size": None,
        "disallow_sharing_agent_ipc_namespace": "false",
        "disallow_sharing_agent_pid_namespace": "false",
        "containerizers": "mesos",
        "ingress_isolate_existing_containers": "true",
        "container_ports_watch_interval": "30secs",
        "check_agent_port_range_only": "false",
        "enforce_container_ports": "false",
        "container_ports_isolated_range": None,
        "container_disk_watch_interval": "15secs",
        "enforce_container_disk_quota": "false",
        "xfs_project_range": "[5000-10000]",
        "xfs_kill_containers": "false",
        "xfs_quota_headroom": "10MB",
        "seccomp_config_dir": None,
        "seccomp_profile_name": None,
    },
    "there are neither Docker nor container images yet": {
        "image_providers": None,
        "image_provisioner_backend": None,
        "image_gc_config": None,
        "appc_simple_discovery_uri_prefix": "http://",
        "appc_store_dir": None,
        "docker_registry": "https://registry-1.docker.io",
        "docker_store_dir": None,
        "docker_volume_checkpoint_dir": "/var/run/mesos/isolators/docker/volume",
        "docker_volume_chown": "false",
        "docker_ignore_runtime": "false",
        "docker": "docker",
        "docker_remove_delay": "6hrs",
        "docker_kill_orphans": "true",
        "docker_mesos_image": None,
        "docker_socket": "/var/run/docker.sock",
        "docker_config": None,
        "sandbox_directory": "/mnt/mesos/sandbox",
        "docker_stop_timeout": "0secs",
    },
    "URIs are not fetched yet": {
        "fetcher_cache_size": "2GB",
        "fetcher_cache_dir": None,
        "fetcher_stall_timeout": "1mins",
        "hadoop_home": None,
        "frameworks_home": None,
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
    "what containers write goes to files of their sandboxes": {
        "container_logger": None,
    },
    "lines are logged at once": {
        "logbufsecs": "0",
        "initialize_driver_logging": "true",
    },
    "the features of an agent are fixed": {
        "agent_features": None,
    },
    "containers have no networks of their own yet": {
        "default_container_dns": None,
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
    "containers have no settings of their own yet": {
        "default_container_info": None,
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
