// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IHolds} from "./IHolds.sol";
import {IScopes} from "./IScopes.sol";

/// @title Which institutions may issue what, under which names
/// @notice applied -> recognised (with scopes) <-> suspended -> withdrawn. Hashes stand in storage, texts in the events.
/// Every record that a proof names is one slot, reached by number or hash. Keys and DIDs stand in Keys.
interface IIssuerRegistry is IScopes, IHolds {
    /// @notice Where an issuer stands.
    enum IssuerState {
        None,
        Applied,
        Recognised,
        Suspended,
        Withdrawn
    }

    /// @notice An issuer. Two slots: everything but `nameHash` shares the first.
    struct Issuer {
        IssuerState state;
        uint40 since;
        uint40 firstRecognised;
        uint16 changes; // entries of the history
        uint16 scopes;
        uint16 names;
        uint16 admission; // how often it was admitted: a scope belongs to one
        uint16 holds;
        uint32 accreditor; // who vouched for the present admission; 0: the Alliance
        bytes32 nameHash; // keccak256 of the name in UTF-8
    }

    /// @notice One change of state. One slot.
    struct StateChange {
        IssuerState state;
        uint40 at;
    }

    /// @notice There is no such institution.
    error IssuerRegistryUnknownInstitution(uint32 institution);
    /// @notice The issuer's state does not allow this.
    error IssuerRegistryWrongState(uint32 institution, IssuerState state);
    /// @notice A name is 1 to 256 bytes of UTF-8, with something to see and nothing that cannot be seen.
    error IssuerRegistryNameMalformed(string name);
    /// @notice A name that looks the same belongs to another institution.
    error IssuerRegistryNameTaken(bytes32 foldedNameHash, uint32 institution);
    /// @notice An issuer is admitted with at least one scope.
    error IssuerRegistryNoScope(uint32 institution);
    /// @notice The issuer is not recognised now.
    error IssuerRegistryNotRecognised(uint32 institution, IssuerState state);
    /// @notice The Directory names another contract.
    error IssuerRegistryNotCurrent(address current);

    /// @notice An institution asks to be an issuer.
    /// @param institution The issuer.
    /// @param nameHash keccak256 of the name.
    /// @param name In UTF-8.
    event IssuerRegistered(uint32 indexed institution, bytes32 indexed nameHash, string name);
    /// @notice An issuer has another name.
    /// @param institution The issuer.
    /// @param nameHash keccak256 of the name.
    /// @param name In UTF-8.
    event IssuerRenamed(uint32 indexed institution, bytes32 indexed nameHash, string name);
    /// @notice A folded name belongs to an issuer from now on, for ever.
    /// @param institution The issuer.
    /// @param foldedNameHash keccak256 of the name folded so that look-alikes become equal.
    /// @param name In UTF-8.
    event NameReserved(uint32 indexed institution, bytes32 indexed foldedNameHash, string name);
    /// @notice An issuer was admitted.
    /// @param institution The issuer.
    /// @param admission How often it was, this time included.
    /// @param accreditor The institution that vouches for it; 0: the Alliance.
    /// @param document Hash of the document that explains it.
    event IssuerRecognised(
        uint32 indexed institution, uint16 admission, uint32 indexed accreditor, bytes32 indexed document
    );
    /// @notice An issuer may not anchor for a while.
    /// @param institution The issuer.
    /// @param document Hash of the document that explains it.
    event IssuerSuspended(uint32 indexed institution, bytes32 indexed document);
    /// @notice A suspended issuer is recognised again.
    /// @param institution The issuer.
    /// @param document Hash of the document that explains it.
    event IssuerReinstated(uint32 indexed institution, bytes32 indexed document);
    /// @notice An issuer's recognition or application has ended.
    /// @param institution The issuer.
    /// @param document Hash of the document that explains it.
    event IssuerWithdrawn(uint32 indexed institution, bytes32 indexed document);
    /// @notice An issuer's record was copied from the predecessor.
    /// @param institution The issuer.
    /// @param predecessor The registry that held it.
    /// @param caller Who called.
    event IssuerCarriedOver(uint32 indexed institution, address indexed predecessor, address caller);

    /// @notice Enter an institution as an issuer, state applied. Alliance only.
    /// @param institution The issuer.
    /// @param name In UTF-8.
    /// @param foldedNameHash keccak256 of the name folded so that look-alikes become equal; the voters check it.
    function register(uint32 institution, string calldata name, bytes32 foldedNameHash) external;

    /// @notice Change the issuer's name; the old one stays reserved for it. Alliance only.
    /// @param institution The issuer.
    /// @param name In UTF-8.
    /// @param foldedNameHash keccak256 of the name folded so that look-alikes become equal.
    function rename(uint32 institution, string calldata name, bytes32 foldedNameHash) external;

    /// @notice Recognise an applied or withdrawn issuer: a new admission, with its scopes. Alliance only.
    /// @param institution The issuer.
    /// @param scopes_ What it may issue; one at least.
    /// @param document Hash of the decision; 0 where the proposal's own document says it.
    function admit(uint32 institution, Terms[] calldata scopes_, bytes32 document) external;

    /// @notice Recognise an applied issuer below a scope of its accreditor. The contract named Accreditation only.
    /// @param institution The issuer.
    /// @param scopes_ What it may issue; one at least.
    /// @param parent A scope in force that covers each of these, and the operator who gave them.
    /// @param document Hash of the document that explains it.
    function admitUnder(uint32 institution, Terms[] calldata scopes_, Parent calldata parent, bytes32 document)
        external;

    /// @notice Take an institution's record over from the predecessor, as it stands there. Anybody.
    /// @param institution The issuer.
    function carryOver(uint32 institution) external;

    /// @notice Suspend a recognised issuer. Alliance only.
    /// @param institution The issuer.
    /// @param document Hash of the document that explains it.
    function suspend(uint32 institution, bytes32 document) external;

    /// @notice Recognise a suspended issuer again. Alliance only.
    /// @param institution The issuer.
    /// @param document Hash of the document that explains it.
    function reinstate(uint32 institution, bytes32 document) external;

    /// @notice End an issuer's recognition or application. Alliance only.
    /// @param institution The issuer.
    /// @param document Hash of the document that explains it.
    function withdraw(uint32 institution, bytes32 document) external;

    /// @notice An issuer's record.
    /// @param institution The issuer.
    /// @return Zeros where it never was registered.
    function issuer(uint32 institution) external view returns (Issuer memory);

    /// @notice A change of state, from 1.
    /// @param institution The issuer.
    /// @param index From 1.
    /// @return The slot; zeros where there is none.
    function stateChange(uint32 institution, uint16 index) external view returns (StateChange memory);

    /// @notice Whose folded name this is; 0: nobody's.
    /// @param foldedNameHash keccak256 of the name folded so that look-alikes become equal.
    /// @return The institution.
    function institutionOfName(bytes32 foldedNameHash) external view returns (uint32);

    /// @notice Whether an issuer is recognised now.
    /// @param institution The issuer.
    /// @return True where it is.
    function isRecognised(uint32 institution) external view returns (bool);

    /// @notice Who keeps an issuer's lists: itself while it is recognised, else a recognised accreditor; 0: nobody.
    /// @param institution The issuer.
    /// @return The institution.
    function keeperOf(uint32 institution) external view returns (uint32);

    /// @notice The contract that says who acts for which institution.
    /// @return Its address.
    function operators() external view returns (address);

    /// @notice The Directory that names the registry in force.
    /// @return Its address.
    function directory() external view returns (address);

    /// @notice The registry whose records count until they are carried over; the zero address for the first.
    /// @return Its address.
    function predecessor() external view returns (address);
}
