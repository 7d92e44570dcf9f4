// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The names that contracts bear in the Directory, and those of the Alliance's periods
library Names {
    bytes32 internal constant ALLIANCE = "Alliance";
    bytes32 internal constant OPERATORS = "Operators";
    bytes32 internal constant PERMISSIONS = "Permissions";
    bytes32 internal constant KEYS = "Keys";
    bytes32 internal constant DIRECTORY = "Directory"; // which does not name itself
    bytes32 internal constant BLOCK_HISTORY = "BlockHistory";
    bytes32 internal constant QUALIFICATION_FRAMEWORKS = "QualificationFrameworks";
    bytes32 internal constant ISSUER_REGISTRY = "IssuerRegistry";
    bytes32 internal constant STATUS_REGISTRY = "StatusRegistry";
    bytes32 internal constant CREDENTIAL_BATCHES = "CredentialBatches";
    bytes32 internal constant DISPUTES = "Disputes";
    bytes32 internal constant ACCREDITATION = "Accreditation";
    bytes32 internal constant QUALITY_AUDITS = "QualityAudits";

    bytes32 internal constant VOTING_PERIOD = "votingPeriod";
    bytes32 internal constant EXECUTION_DELAY = "executionDelay";
    bytes32 internal constant EXECUTION_WINDOW = "executionWindow";
    bytes32 internal constant CONTROLLER_DELAY = "controllerDelay";
    bytes32 internal constant RECOVERY_DELAY = "recoveryDelay";
    bytes32 internal constant DIRECTORY_DELAY = "directoryDelay";
    bytes32 internal constant VOID_DELAY = "voidDelay";
}
