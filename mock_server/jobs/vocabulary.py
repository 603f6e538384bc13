"""The words of the documents: workflows and the tasks they are made of, applications, users, messages.

A workflow belongs to a theme, so that a job called "VLAN Provisioning" runs tasks that provision VLANs. All of it is
invented after the manner of network automation platforms; none of it is taken from a live system.
"""

from typing import NamedTuple

# How long a task takes, in milliseconds: (least, most), drawn near the least most of the time.
QUICK = (1, 90)  # inside the engine
CALL = (120, 4_000)  # another system's API
DEVICE = (2_000, 240_000)  # a network device's command line
WAIT = (30_000, 1_800_000)  # a delay or an event
MANUAL = (60_000, 28_800_000)  # a person


class Step(NamedTuple):
    """A task as workflows name it: its name, the application that runs it, and its pace (ms, least and most)."""

    name: str
    app: str
    pace: tuple[int, int] = CALL


class Theme(NamedTuple):
    """A family of workflows: the titles their jobs bear, what they do, and what they decide on."""

    titles: tuple[str, ...]
    actions: tuple[Step, ...]
    checks: tuple[Step, ...]


START = Step("workflow_start", "WorkflowBuilder", (4, 60))  # page, "Return": its app there
END = Step("workflow_end", "WorkFlowEngine", (1, 25))

# Tasks of every workflow, whatever its theme.
COMMON = (
    Step("newVariable", "WorkFlowEngine", QUICK),
    Step("transformation", "WorkFlowEngine", QUICK),
    Step("query", "WorkFlowEngine", QUICK),
    Step("merge", "WorkFlowEngine", QUICK),
    Step("makeData", "WorkFlowEngine", QUICK),
    Step("parse", "WorkFlowEngine", QUICK),
    Step("restCall", "WorkFlowEngine"),
    Step("childJob", "WorkFlowEngine", DEVICE),
    Step("renderJinjaTemplate", "TemplateBuilder", QUICK),
)
CHECKS = (
    Step("evaluation", "WorkFlowEngine", QUICK),
    Step("decision", "WorkFlowEngine", QUICK),
    Step("stringMatch", "WorkFlowEngine", QUICK),
)
PEOPLE = (  # tasks that wait for a person
    Step("ViewData", "WorkFlowEngine", MANUAL),
    Step("ConfirmTask", "WorkFlowEngine", MANUAL),
    Step("showFormToUser", "FormBuilder", MANUAL),
    Step("reviewDiff", "ConfigurationManager", MANUAL),
    Step("Freigabe prüfen", "FormBuilder", MANUAL),
    Step("承認待ち", "FormBuilder", MANUAL),
)
WAITS = (
    Step("delay", "WorkFlowEngine", WAIT),
    Step("eventListenerJob", "WorkFlowEngine", WAIT),
)
LOOPS = (Step("forEach", "WorkFlowEngine", QUICK), Step("arrayNext", "WorkFlowEngine", QUICK))
HANDLERS = (  # where an error or a failure leads
    Step("mailWithOptions", "Email"),
    Step("updateIncident", "ServiceNow"),
    Step("stubError", "WorkFlowEngine", QUICK),
    Step("rollbackConfig", "ConfigurationManager", DEVICE),
    Step("postMessage", "Slack"),
    Step("ViewData", "WorkFlowEngine", MANUAL),
)

_TEMPLATE = Step("runCommandTemplate", "MOP", DEVICE)
_ANALYTIC = Step("runAnalyticsTemplate", "MOP", DEVICE)
_COMMAND = Step("runCommand", "MOP", DEVICE)
_APPLY = Step("applyDeviceConfig", "ConfigurationManager", DEVICE)
_BACKUP = Step("backUpDevice", "ConfigurationManager", DEVICE)
_DEVICE = Step("getDevice", "ConfigurationManager")
_ALIVE = Step("isAlive", "ConfigurationManager")
_COMPLIANT = Step("runCompliance", "ConfigurationManager", DEVICE)
_CHANGE = Step("createChangeRequest", "ServiceNow")
_CHANGED = Step("updateChangeRequest", "ServiceNow")
_APPROVED = Step("getChangeRequestState", "ServiceNow")
_SERVICE = Step("setInstance", "ServiceManager", DEVICE)
_DRY_RUN = Step("dryRun", "ServiceManager", DEVICE)
_INVENTORY = Step("getDcimDevices", "NetBox")
_PLAYBOOK = Step("runPlaybook", "AutomationGateway", DEVICE)

THEMES = (
    Theme(
        ("Device Upgrade", "IOS-XE Software Upgrade", "Junos Upgrade", "NX-OS ISSU", "Golden Image Push", "Reboot And Verify",
         "SMU Install", "Software-Aktualisierung", "Mise à niveau IOS-XR", "ソフトウェア更新", "Nightly Upgrade Batch"),
        (_BACKUP, _TEMPLATE, _DEVICE, Step("copyImage", "AutomationGateway", DEVICE), Step("setBootVariable", "MOP", DEVICE),
         Step("reloadDevice", "MOP", DEVICE), Step("verifyImageChecksum", "MOP", DEVICE), _CHANGED),
        (_ALIVE, _ANALYTIC, Step("isImageCurrent", "ConfigurationManager")),
    ),
    Theme(
        ("VLAN Provisioning", "Add VLAN To Trunk", "Access VLAN Change", "VLAN Cleanup", "Campus VLAN Rollout", "VXLAN VNI Attach",
         "VLAN-Bereitstellung Gebäude 7", "Création de VLAN", "Provisión de VLAN", "VLAN開通", "createVlan"),
        (_INVENTORY, _APPLY, _TEMPLATE, Step("createIpamVlans", "NetBox"), Step("getVlanStatus", "NetBox"), _DRY_RUN, _SERVICE),
        (_ANALYTIC, Step("isVlanFree", "NetBox"), _COMPLIANT),
    ),
    Theme(
        ("Firewall Rule Push", "Palo Alto Policy Change", "ACL Update", "Open Port Request", "Security Group Sync", "Block IOC Addresses",
         "Firewall-Freischaltung", "Règle pare-feu", "Reguła zapory", "防火墙策略下发", "NAT Rule Add"),
        (_CHANGE, Step("getAddressObjects", "PanOS"), Step("createAddressObject", "PanOS"), Step("createSecurityRule", "PanOS"),
         Step("commitPolicy", "PanOS", DEVICE), Step("policyLookup", "Tufin"), _CHANGED),
        (_APPROVED, Step("riskAnalysis", "Tufin"), Step("isRuleShadowed", "PanOS")),
    ),
    Theme(
        ("DNS Record Add", "Assign Next IP", "IPAM Reservation", "DNS Zone Cleanup", "Subnet Allocation", "DHCP Scope Extend",
         "Adresse IP réservée", "IP-Adressvergabe", "Rezerwacja adresów IP", "地址分配", "hostRecordCreate"),
        (Step("assignNextNetwork", "Infoblox"), Step("createHostRecord", "Infoblox"), Step("getNetworkDetail", "Infoblox"),
         Step("deleteRecord", "Infoblox"), Step("createARecord", "Infoblox"), Step("restartServices", "Infoblox", DEVICE)),
        (Step("isRecordPresent", "Infoblox"), Step("getNextAvailableIp", "Infoblox")),
    ),
    Theme(
        ("Config Backup", "Compliance Check", "Golden Config Remediation", "CIS Hardening Audit", "Backup All Routers", "Drift Report",
         "Konfigurationssicherung", "Contrôle de conformité", "Auditoria de conformidade", "設定バックアップ", "nightlyCompliance"),
        (_BACKUP, _DEVICE, _COMMAND, _APPLY, Step("getGoldenConfig", "ConfigurationManager"), Step("exportReport", "Email"),
         Step("storeObject", "GitLab")),
        (_COMPLIANT, Step("lookupDiff", "ConfigurationManager"), _ALIVE),
    ),
    Theme(
        ("L3VPN Turn-Up", "Circuit Activation", "MPLS Service Create", "PE Router Onboarding", "L2 Circuit Modify", "BGP Peer Add",
         "Leitungsinbetriebnahme", "Mise en service circuit", "Ativação de circuito", "回線開通", "QoS Profile Change"),
        (_SERVICE, _DRY_RUN, Step("getServicePath", "ServiceManager"), Step("reserveResources", "Blueplanet"),
         Step("assignNextNetwork", "Infoblox"), _TEMPLATE, Step("updateCircuit", "NetBox"), _CHANGED),
        (_ANALYTIC, Step("checkSync", "ServiceManager"), _APPROVED),
    ),
    Theme(
        ("Port Turn Up", "Interface Description Sync", "Port Bounce", "Switchport Security", "LAG Member Add", "Optics Check",
         "Portfreischaltung", "Activation de port", "Włączenie portu", "ポート開放", "portTurnUp"),
        (_TEMPLATE, _APPLY, _INVENTORY, _COMMAND, Step("updateDcimInterfaces", "NetBox"), Step("setInterfaceState", "AutomationGateway", DEVICE)),
        (_ALIVE, _ANALYTIC, Step("getInterfaceErrors", "Prometheus")),
    ),
    Theme(
        ("AWS VPC Create", "Azure vNet Peering", "VM Provisioning", "Load Balancer Pool Member", "F5 VIP Create", "Cloud Gateway Attach",
         "VM-Bereitstellung", "Déploiement VPC", "Creación de VPC", "云网络开通", "terraformApply"),
        (Step("createVpc", "AwsEc2"), Step("createSubnet", "AwsEc2"), Step("createPool", "F5BigIP"), Step("addPoolMember", "F5BigIP"),
         Step("terraformPlan", "Terraform", DEVICE), Step("terraformApply", "Terraform", DEVICE), Step("cloneVm", "VCenter", DEVICE)),
        (Step("describeVpcs", "AwsEc2"), Step("getPoolStatus", "F5BigIP"), Step("getRunStatus", "Terraform")),
    ),
    Theme(
        ("Incident Auto-Remediation", "Link Flap Triage", "BGP Down Diagnosis", "High CPU Triage", "Alarm Enrichment", "Fiber Cut Reroute",
         "Störungsbehebung", "Traitement d'alarme", "Tratamento de alarmes", "障害一次切り分け", "alarmCorrelation"),
        (Step("createIncident", "ServiceNow"), Step("updateIncident", "ServiceNow"), _COMMAND, _TEMPLATE, Step("getAlarms", "Netcool"),
         Step("postMessage", "Slack"), Step("rerouteTraffic", "NorthStar", DEVICE), Step("acknowledgeAlarm", "Netcool")),
        (Step("isAlarmCleared", "Netcool"), _ANALYTIC, Step("queryRange", "Prometheus")),
    ),
    Theme(
        ("User Access Review", "TACACS Key Rotation", "SNMP Community Rotation", "Certificate Renewal", "Local Password Change", "AAA Migration",
         "Zertifikatserneuerung", "Rotation des clés", "Renovación de certificados", "証明書更新", "rotateSnmpV3"),
        (Step("getSecret", "Vault"), Step("writeSecret", "Vault"), Step("issueCertificate", "Vault"), _APPLY, _PLAYBOOK, _TEMPLATE,
         Step("getGroupMembers", "ActiveDirectory")),
        (Step("isCertificateValid", "Vault"), _ALIVE, _COMPLIANT),
    ),
    Theme(
        ("Device Onboarding", "Zero Touch Provisioning", "Site Rollout", "Branch SD-WAN Deploy", "Wireless AP Onboarding", "Meraki Network Claim",
         "Geräteaufnahme", "Mise en service de site", "Wdrożenie oddziału", "拠点展開", "ztpDayOne"),
        (_DEVICE, _INVENTORY, Step("createDcimDevices", "NetBox"), Step("claimDevices", "Meraki"), Step("attachTemplate", "VManage", DEVICE),
         _BACKUP, _PLAYBOOK, Step("createDevice", "ConfigurationManager")),
        (_ALIVE, Step("getDeviceStatus", "VManage"), Step("isSerialKnown", "NetBox")),
    ),
    Theme(
        ("Device Decommission", "Service Disconnect", "Remove Customer VRF", "Lab Cleanup", "Stale Route Removal", "Reclaim Addresses",
         "Geräteaußerbetriebnahme", "Résiliation de service", "Desativação de serviço", "機器撤去", "cleanupTest"),
        (_CHANGE, Step("deleteInstance", "ServiceManager", DEVICE), Step("deleteRecord", "Infoblox"), Step("deleteDevice", "ConfigurationManager"),
         Step("deleteDcimDevices", "NetBox"), _TEMPLATE, _CHANGED, _BACKUP),
        (_APPROVED, Step("hasTraffic", "Prometheus"), Step("checkSync", "ServiceManager")),
    ),
)  # fmt: skip

SITES = (
    "AMS1", "FRA2", "LON4", "DFW", "ATL-DC1", "SJC03", "NYC", "SIN2", "TYO1", "SYD", "Zürich", "München", "São Paulo", "Kraków", "Malmö",
    "Genève", "Bogotá", "Łódź", "東京", "大阪", "上海", "서울", "Київ", "Αθήνα",
)  # fmt: skip
ROLES_OF_DEVICES = ("core", "edge", "dist", "acc", "pe", "fw", "leaf", "spine", "wlc", "rr")
CUSTOMERS = (
    "Acme", "Globex", "Initech", "Contoso", "Fabrikam", "Umbrella", "Northwind", "Tyrell", "Müller & Söhne", "Crédit Régional", "Wayne",
)  # fmt: skip
GROUPS = (
    "default",
    "network-engineering",
    "noc",
    "pronghorn_admin",
    "change-approvers",
    "tier2-support",
    "Betrieb Süd",
)
CREATORS = (
    "admin@pronghorn",
    "admin@pronghorn",
    "svc-automation@pronghorn",
    "apiwrite@pronghorn",
    "noc@ldap",
    "m.garcia@ldap",
    "jlarsen@ldap",
)
PRODUCTS = ("WorkFlowEngine", "WorkflowBuilder", "WorkflowBuilder")  # the app of a job (page: "WorkflowBuilder")

NO_TRANSITION = "No available transitions found from completed task(s)"  # page, example
# in the error of a captured job; the braces take the key of the task that stopped short
STOPPED_SHORT = "Job has no available transitions. {} could have led to the workflow end task, but did not."
TASK_ERRORS = (
    "connect ECONNREFUSED 10.24.8.17:22",
    "connect ETIMEDOUT 172.19.4.6:443",
    "Timeout of 30000 ms exceeded",
    "Error: device is locked by another session",
    "Authentication failed for user svc-automation",
    "AD.500 Unexpected error from adapter",
    "AD.312 Missing Data: sysId",
    "Request failed with status code 503",
    "getaddrinfo ENOTFOUND ipam.corp.example",
    "Template rendering failed: 'interface' is undefined",
    "commit failed: configuration check-out failed (syntax error)",
    "Cannot read property 'name' of undefined",
    "Zugriff verweigert: Gerät im Wartungsmodus",
)
